#include "ckernels.h"

typedef uint64_t word __attribute__((aligned(1)));

#define WORD(offset) (*(const word *)(row + (offset)))

static inline __attribute__((always_inline)) uint64_t touch_row(const char *row, size_t row_bytes) {
  uint64_t sum = 0;
  size_t offset = 0;
  for (; offset + 256 <= row_bytes; offset += 256)
    sum += WORD(offset) + WORD(offset + 64) + WORD(offset + 128) + WORD(offset + 192);
  if (offset + 128 <= row_bytes) {
    sum += WORD(offset) + WORD(offset + 64);
    offset += 128;
  }
  if (offset + 64 <= row_bytes) {
    sum += WORD(offset);
    offset += 64;
  }
  if (offset + 8 <= row_bytes) sum += WORD(offset);
  return sum;
}

uint64_t halo_touch_rows(const char *base, size_t stride, size_t row_bytes, const uint32_t *sequence, size_t count, size_t ahead) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    if (ahead && i + ahead < count) halo_ask_for(base + stride * sequence[i + ahead], row_bytes);
    sum += touch_row(base + stride * sequence[i], row_bytes);
  }
  return sum;
}

uint64_t halo_touch_addresses(const char *const *rows, size_t row_bytes, size_t count, size_t ahead) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    if (ahead && i + ahead < count) halo_ask_for(rows[i + ahead], row_bytes);
    sum += touch_row(rows[i], row_bytes);
  }
  return sum;
}
