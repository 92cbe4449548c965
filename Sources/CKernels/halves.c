#include "ckernels.h"

#define BODY "halves_body.h"
#include "each_isa.h"

void halo_widen_halves(halo_isa isa, const uint16_t *halves, float *values, size_t count) {
  CALL(isa, widen_halves, halves, values, count)
}

void halo_round_to_halves(halo_isa isa, const float *values, uint16_t *halves, size_t count) {
  CALL(isa, round_to_halves, values, halves, count)
}
