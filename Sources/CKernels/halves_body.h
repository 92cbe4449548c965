#include "elements.h"

#ifndef HALO_ROUNDING
#define HALO_ROUNDING
// The nearest float16, of two the even one; NaN is made quiet, as the instructions do.
static inline uint16_t halo_round_to_half(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, 4);
  uint32_t sign = bits >> 16 & 0x8000;
  bits &= 0x7fffffff;
  if (bits > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (bits >> 13 & 0x3ff));
  // From 65,520 on infinity is nearer than 65,504.
  if (bits >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
  if (bits < 0x38800000) {
    // Below 2^-14 numbers are multiples of 2^-24, the last place of 0.5: the sum is rounded to them.
    float sum = halo_float_of_bits(bits) + 0.5f;
    __builtin_memcpy(&bits, &sum, 4);
    return (uint16_t)(sign | (bits - 0x3f000000));
  }
  // Exponents begin 112 later. Half of the last place that stays is added, less one where that place is even.
  bits += 0xfff + (bits >> 13 & 1) - 0x38000000;
  return (uint16_t)(sign | bits >> 13);
}
#endif

static void NAME(widen_halves)(const uint16_t *halves, float *values, size_t count) {
  const char *row = (const char *)halves;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) *(VECTOR(LANES) *)(values + i) = VALUES_float16(LANES, row, i);
  for (; i < count; i++) values[i] = VALUE_float16(row, i);
}

static void NAME(round_to_halves)(const float *values, uint16_t *halves, size_t count) {
  size_t i = 0;
#if CONVERTS_HALF
  for (; i + LANES <= count; i += LANES)
    *(HALVES(LANES) *)(halves + i) = __builtin_convertvector(*(const VECTOR(LANES) *)(values + i), HALVES(LANES));
#endif
  for (; i < count; i++) halves[i] = halo_round_to_half(values[i]);
}
