#include "ckernels.h"
#include <string.h>

/// Rows that are asked for before they are copied, so that several are under way.
enum { rows_ahead = 12 };

void halo_gather_bytes(const char *base, size_t stride, size_t row_bytes, const uint32_t *sequence, size_t count, char *out) {
  for (size_t i = 0; i < count; i++) {
    if (i + rows_ahead < count) halo_ask_for(base + stride * sequence[i + rows_ahead], row_bytes);
    memcpy(out + i * row_bytes, base + stride * sequence[i], row_bytes);
  }
}

void halo_scatter_bytes(const char *rows, size_t row_bytes, size_t stride, void *const *targets, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (i + rows_ahead < count) {
      const char *next = targets[i + rows_ahead];
      for (size_t line = 0; line < stride; line += 64) __builtin_prefetch(next + line, 1);
    }
    char *target = targets[i];
    memcpy(target, rows + i * row_bytes, row_bytes);
    memset(target + row_bytes, 0, stride - row_bytes);
  }
}
