#include "elements.h"

// What all strips of a destination share.
typedef struct NAME(destination) {
  const halo_edges *edges;
  const halo_rows *rows;
  uint32_t begin, end;
  // Edges whose sources may be looked at.
  uint32_t limit;
  // How many edges early a row is asked for.
  uint32_t ahead;
  size_t row_bytes;
  float scale;
  const float *initial;
  float *out;
} NAME(destination);

static inline __attribute__((always_inline)) float NAME(coefficient)(const halo_edges *edges, uint32_t edge, uint32_t source) {
  float weight = edges->weights ? edges->weights[edge] : 1;
  return edges->scales ? weight * edges->scales[source] : weight;
}

// Rows of edges further on are asked for early, past the end of the destination too: its few edges cannot fill the time a
// random row takes (measured: 20.5 instead of 17 GB/s for 400-byte rows of a table that exceeds the caches, which is 97 % of
// what only touching them gives; 0.9–1 times as fast on tables that fit). A row behind a reference needs its reference first,
// which lies at random as well: that is asked for still earlier (measured: 18 instead of 13 GB/s).

static inline __attribute__((always_inline)) void NAME(ask_for_row)(const NAME(destination) * d, uint32_t edge, int indirect) {
  const uint32_t far = 4 * d->ahead;
  if (indirect && d->limit - edge > far) __builtin_prefetch(d->rows->references + d->edges->sources[edge + far]);
  if (d->limit - edge <= d->ahead) return;
  halo_ask_for(NAME(row)(d->rows, d->edges->sources[edge + d->ahead], indirect), d->row_bytes);
}

#define ROW_BODY "aggregate_rows.h"
#include "each_element.h"
#undef ROW_BODY

static void NAME(aggregate)(const halo_edges *edges, const halo_rows *rows, size_t count, size_t width, int mean,
                            const float *initial, size_t initial_count, size_t initial_stride, float *out, size_t out_stride) {
  CALL_TYPED(rows->element, aggregate, edges, rows, count, width, mean, initial, initial_count, initial_stride, out, out_stride)
}
