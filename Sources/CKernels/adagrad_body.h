#include "elements.h"

static void NAME(adagrad)(float *row, const float *gradient, float *squares, float scale, float rate, float epsilon, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    VECTOR(8) g = *(const VECTOR(8) *)(gradient + i) * scale;
    VECTOR(8) sum = *(const VECTOR(8) *)(squares + i) + g * g;
    *(VECTOR(8) *)(squares + i) = sum;
    *(VECTOR(8) *)(row + i) -= rate * (g / (__builtin_elementwise_sqrt(sum) + epsilon));
  }
  for (; i < count; i++) {
    float g = gradient[i] * scale;
    squares[i] += g * g;
    row[i] -= rate * (g / (__builtin_sqrtf(squares[i]) + epsilon));
  }
}
