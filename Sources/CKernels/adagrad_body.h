#include "elements.h"

#define MOVE(L)                                                                                          \
  for (; i + L <= count; i += L) {                                                                       \
    VECTOR(L) g = *(const VECTOR(L) *)(gradient + i) * scale;                                            \
    VECTOR(L) sum = *(const VECTOR(L) *)(squares + i) + g * g;                                           \
    *(VECTOR(L) *)(squares + i) = sum;                                                                   \
    *(VECTOR(L) *)(row + i) -= rate * (g / (__builtin_elementwise_sqrt(sum) + epsilon));                 \
  }

static void NAME(adagrad)(float *row, const float *gradient, float *squares, float scale, float rate, float epsilon, size_t count) {
  size_t i = 0;
#if LANES > 8
  MOVE(LANES)
#endif
  MOVE(8)
  for (; i < count; i++) {
    float g = gradient[i] * scale;
    squares[i] += g * g;
    row[i] -= rate * (g / (__builtin_elementwise_sqrt(squares[i]) + epsilon));
  }
}
#undef MOVE
