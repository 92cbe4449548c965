// Sums and products of whole heads.

#include "head_body.h"

static void NAME(exp_all)(float *x, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    size_t n = count - i < 16 ? count - i : 16;
    VECTOR v;
    NAME(load)(x + i, n, &v);
    NAME(exp_of)(&v);
    NAME(store)(x + i, n, &v);
  }
}

static void NAME(head_dots)(const float *x, size_t x_stride, const float *y, size_t y_stride, size_t count, size_t heads,
                            size_t width, float *out, size_t out_stride) {
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < heads; k++)
      out[out_stride * i + k] = NAME(dot)(x + x_stride * i + width * k, y + y_stride * i + width * k, width);
}

static void NAME(head_products)(const float *factors, size_t factor_stride, const float *y, size_t count, size_t heads, size_t width,
                                int accumulate, float *x, size_t x_stride) {
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < heads; k++) {
      float *out = x + x_stride * i + width * k;
      NAME(add_product)(accumulate ? out : NULL, factors[factor_stride * i + k], y + width * k, width, out);
    }
}

static void NAME(head_sums)(const float *factors, size_t factor_stride, const float *x, size_t x_stride, size_t count, size_t heads,
                            size_t width, float *sums) {
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < heads; k++)
      NAME(add_product)(sums + width * k, factors[factor_stride * i + k], x + x_stride * i + width * k, width, sums + width * k);
}

#undef VECTOR
#undef INLINE
#undef HEAD_STRIP
