// Sixteen columns of a head at a time, whatever the instruction set: sums over columns then have the same bits under each.
// Vectors are passed by pointer, for the portable copy has no register to pass them in.

typedef float NAME(vector) __attribute__((vector_size(64), aligned(4)));
typedef uint32_t NAME(bits) __attribute__((vector_size(64), aligned(4)));
typedef float NAME(eight) __attribute__((vector_size(32), aligned(4)));
typedef float NAME(four) __attribute__((vector_size(16), aligned(4)));
#define VECTOR NAME(vector)
#define INLINE static inline __attribute__((always_inline, unused))
// Vectors of a head whose sums stay in registers.
#define HEAD_STRIP 4

// The n <= 16 values at p, then zeros.
INLINE void NAME(load)(const float *p, size_t n, VECTOR *v) {
#if LANES == 16
  *v = (VECTOR)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif LANES == 8
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), low = _mm256_set1_epi32((int)n), high = _mm256_set1_epi32((int)n - 8);
  *v = (VECTOR)__builtin_shufflevector(_mm256_maskload_ps(p, _mm256_cmpgt_epi32(low, lane)),
                                       _mm256_maskload_ps(p + 8, _mm256_cmpgt_epi32(high, lane)), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                       11, 12, 13, 14, 15);
#else
  if (n == 16) {
    *v = *(const VECTOR *)p;
  } else {
    *v = (VECTOR){0};
    memcpy(v, p, n * sizeof(float));
  }
#endif
}

// The first n <= 16 values of v to p.
INLINE void NAME(store)(float *p, size_t n, const VECTOR *v) {
#if LANES == 16
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)*v);
#else
  if (n == 16) *(VECTOR *)p = *v;
  else memcpy(p, v, n * sizeof(float));
#endif
}

// Pairwise: lane i with lane i + 8, then i + 4, i + 2, i + 1.
INLINE float NAME(sum)(const VECTOR *v) {
  NAME(eight) eight = __builtin_shufflevector(*v, *v, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(*v, *v, 8, 9, 10, 11, 12, 13, 14, 15);
  NAME(four) four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  float low = four[0] + four[2], high = four[1] + four[3];
  return low + high;
}

// e^x for x <= 0: x = n ln 2 + r with |r| <= ln 2 / 2, e^r by the polynomial of Cephes' expf (Moshier), 2^n by the exponent.
// No step is fused, so that every lane of every copy gives the same value; at most 2 ulp off where the result is normal, 0
// where it would not be.
INLINE void NAME(exp_of)(VECTOR *x) {
  const VECTOR shift = (VECTOR){0} + 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, which the low bits then hold.
  VECTOR y = *x * 1.44269504088896341f + shift, n = y - shift;
  // ln 2 in two parts; the first has nine bits, so its product with n is exact.
  VECTOR r = *x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  VECTOR p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  NAME(bits) power = ((NAME(bits))y << 23) + 0x3f800000, below = (NAME(bits))(*x < -87.33654f);
  *x = (VECTOR)((NAME(bits))(p * (VECTOR)power) & ~below);
}

INLINE size_t NAME(blocks)(size_t width) { return (width + 15) / 16; }

// Columns of block b of `blocks`.
INLINE size_t NAME(length)(size_t b, size_t blocks, size_t width) { return b + 1 < blocks ? 16 : width - 16 * (blocks - 1); }

INLINE float NAME(dot)(const float *x, const float *y, size_t width) {
  size_t blocks = NAME(blocks)(width);
  VECTOR sums = {0};
  for (size_t b = 0; b < blocks; b++) {
    VECTOR p, q;
    NAME(load)(x + 16 * b, NAME(length)(b, blocks, width), &p);
    NAME(load)(y + 16 * b, NAME(length)(b, blocks, width), &q);
    sums += p * q;
  }
  return NAME(sum)(&sums);
}

// x = initial + factor * y, where `initial` may be NULL for zero, or x.
INLINE void NAME(add_product)(const float *initial, float factor, const float *y, size_t width, float *x) {
  size_t blocks = NAME(blocks)(width);
  for (size_t b = 0; b < blocks; b++) {
    size_t length = NAME(length)(b, blocks, width);
    VECTOR value, sum = {0};
    NAME(load)(y + 16 * b, length, &value);
    if (initial) {
      NAME(load)(initial + 16 * b, length, &sum);
      sum += factor * value;
    } else {
      sum = factor * value;
    }
    NAME(store)(x + 16 * b, length, &sum);
  }
}
