#include "ckernels.h"

#define BODY "dropout_body.h"
#include "each_isa.h"

void halo_dropout_bits(halo_isa isa, uint64_t key, const int64_t *ids, size_t count, uint32_t step, uint32_t threshold,
                       size_t width, uint8_t *bits, size_t bits_stride) {
  CALL(isa, dropout_bits, key, ids, count, step, threshold, width, bits, bits_stride)
}
