#include "ckernels.h"
#include <string.h>

#define BODY "activation_body.h"
#include "each_isa.h"

void halo_bias_relu(halo_isa isa, float *z, size_t count, size_t width, size_t stride, const float *bias, const uint8_t *keep,
                    float scale, uint8_t *positive, size_t bits_stride) {
  CALL(isa, bias_relu, z, count, width, stride, bias, keep, scale, positive, bits_stride)
}

void halo_mask(halo_isa isa, float *z, size_t count, size_t width, size_t stride, const uint8_t *bits, size_t bits_stride,
               float scale) {
  CALL(isa, mask, z, count, width, stride, bits, bits_stride, scale)
}
