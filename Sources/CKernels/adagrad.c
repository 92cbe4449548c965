#include "ckernels.h"

#define BODY "adagrad_body.h"
#include "each_isa.h"

void halo_adagrad(halo_isa isa, float *row, const float *gradient, float *squares, float scale, float rate, float epsilon,
                  size_t count) {
  CALL(isa, adagrad, row, gradient, squares, scale, rate, epsilon, count)
}
