#include "sample.h"

#define BODY "sample_body.h"
#include "each_isa.h"

void halo_sample_uniform(halo_isa isa, const halo_adjacency *places, const halo_sample *samples, size_t count,
                         const uint64_t *keys, uint32_t step, int64_t *sources, uint32_t *degrees, int64_t *edges) {
  if (edges) {
    CALL(isa, sample_uniform_edges, places, samples, count, keys, step, sources, degrees, edges)
  } else {
    CALL(isa, sample_uniform, places, samples, count, keys, step, sources, degrees)
  }
}

void halo_count_labor(halo_isa isa, const halo_adjacency *places, halo_sample *samples, size_t count, uint64_t key,
                      uint32_t step, const uint32_t *limits) {
  CALL(isa, count_labor, places, samples, count, key, step, limits)
}

void halo_sample_labor(halo_isa isa, const halo_adjacency *places, const halo_sample *samples, size_t count, uint64_t key,
                       uint32_t step, const uint32_t *limits, int64_t *sources, uint32_t *degrees, int64_t *edges) {
  if (edges) {
    CALL(isa, sample_labor_edges, places, samples, count, key, step, limits, sources, degrees, edges)
  } else {
    CALL(isa, sample_labor, places, samples, count, key, step, limits, sources, degrees)
  }
}
