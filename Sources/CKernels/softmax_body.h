// What the forward passes of GAT and GATv2 share: one destination at a time, and of it one head at a time. Its scores become a
// softmax, coefficients are noted and dropped, and rows are summed; the pieces of the rows that the scores of GATv2 read are
// still in cache when they are summed.

#include "dropout_body.h"
#include "head_body.h"

// A destination at work.
typedef struct NAME(destination) {
  const halo_attention *a;
  // Rows of its edges: `edges` of them, then its own where `count` is one more.
  const uint32_t *sources;
  size_t edges, count;
  size_t own_row, first_slot;
  // Edges that may be asked for early, from the first of this destination.
  size_t limit;
  // Room for the numbers of one head, up to a multiple of 16.
  float *values;
  // Keep bits by (edge, head), or NULL.
  uint8_t *kept;
} NAME(destination);

// Number of the row that an edge reads.
INLINE size_t NAME(row_number)(const NAME(destination) * d, size_t edge) { return edge < d->edges ? d->sources[edge] : d->own_row; }

INLINE const float *NAME(row_at)(const halo_attention *a, size_t row) {
  const halo_rows *inputs = a->inputs;
  if (!inputs) return a->rows + a->row_stride * row;
  if (!inputs->references) return (const float *)(inputs->base + inputs->stride * row);
  uint64_t reference = inputs->references[row];
  return (const float *)(inputs->bases[reference >> 48] + inputs->strides[reference >> 48] * (reference & 0xffffffffffff));
}

INLINE const float *NAME(row)(const NAME(destination) * d, size_t edge) { return NAME(row_at)(d->a, NAME(row_number)(d, edge)); }

INLINE float NAME(leaky)(float x) { return x > 0 ? x : HALO_LEAKY_SLOPE * x; }

// Asks for the whole row of an edge further on, which may be another destination's.
INLINE void NAME(ask)(const NAME(destination) * d, size_t edge) {
  const halo_attention *a = d->a;
  size_t row_bytes = (a->head_step ? a->heads : 1) * a->width * sizeof(float), ahead = row_bytes <= 256 ? 32 : row_bytes <= 640 ? 16 : 8;
  // A reference lies at random as well: it is asked for before its row.
  if (a->inputs && a->inputs->references && edge + 4 * ahead < d->limit)
    __builtin_prefetch(a->inputs->references + d->sources[edge + 4 * ahead]);
  if (edge + ahead < d->limit) halo_ask_for((const char *)NAME(row_at)(a, d->sources[edge + ahead]), row_bytes);
}

// Scores in `values` to their softmax.
static void NAME(softmax)(const NAME(destination) * d) {
  float *values = d->values, largest = values[0];
  for (size_t e = 1; e < d->count; e++) largest = values[e] > largest ? values[e] : largest;
  size_t blocks = NAME(blocks)(d->count);
  for (size_t e = d->count; e < 16 * blocks; e++) values[e] = -INFINITY;
  VECTOR sums = {0};
  for (size_t b = 0; b < blocks; b++) {
    VECTOR x = *(const VECTOR *)(values + 16 * b) - largest;
    NAME(exp_of)(&x);
    *(VECTOR *)(values + 16 * b) = x;
    sums += x;
  }
  float inverse = 1 / NAME(sum)(&sums);
  for (size_t b = 0; b < blocks; b++) *(VECTOR *)(values + 16 * b) *= inverse;
}

// Notes the coefficients of head k in `values`, and turns them into what rows are multiplied by.
static void NAME(drop)(const NAME(destination) * d, size_t k) {
  size_t heads = d->a->heads;
  float *noted = d->a->coefficients ? d->a->coefficients + heads * d->first_slot + k : NULL;
  if (!noted && !d->kept) return;
  for (size_t e = 0; e < d->count; e++) {
    size_t number = e * heads + k;
    int dropped = d->kept && !(d->kept[number / 8] >> (number % 8) & 1);
    float value = d->values[e];
    if (noted) noted[e * heads] = dropped ? -value : value;
    if (d->kept) d->values[e] = dropped ? 0 : value * d->a->scale;
  }
}

// out = sum over edges of values * columns of their rows; `blocks`, at most HEAD_STRIP, is a constant at every call.
INLINE void NAME(add_strip)(const NAME(destination) * d, size_t column, size_t width, size_t blocks, float *out) {
  VECTOR sums[HEAD_STRIP];
  _Pragma("unroll") for (size_t b = 0; b < blocks; b++) sums[b] = (VECTOR){0};
  for (size_t e = 0; e < d->count; e++) {
    const float *row = NAME(row)(d, e) + column, value = d->values[e];
    _Pragma("unroll") for (size_t b = 0; b < blocks; b++) {
      VECTOR x;
      NAME(load)(row + 16 * b, NAME(length)(b, blocks, width), &x);
      sums[b] += value * x;
    }
  }
  _Pragma("unroll") for (size_t b = 0; b < blocks; b++) NAME(store)(out + 16 * b, NAME(length)(b, blocks, width), &sums[b]);
}

static void NAME(add_head)(const NAME(destination) * d, size_t k, float *out) {
  size_t width = d->a->width;
  for (size_t c = 0; c < width; c += 16 * HEAD_STRIP) {
    size_t columns = width - c < 16 * HEAD_STRIP ? width - c : 16 * HEAD_STRIP;
    switch (NAME(blocks)(columns)) {
    case 1: NAME(add_strip)(d, d->a->head_step * k + c, columns, 1, out + c); break;
    case 2: NAME(add_strip)(d, d->a->head_step * k + c, columns, 2, out + c); break;
    case 3: NAME(add_strip)(d, d->a->head_step * k + c, columns, 3, out + c); break;
    case 4: NAME(add_strip)(d, d->a->head_step * k + c, columns, 4, out + c); break;
    }
  }
}

// Multiplies what rows are multiplied by with their factors.
INLINE void NAME(apply_factors)(const NAME(destination) * d) {
  if (!d->a->factors) return;
  for (size_t e = 0; e < d->count; e++) d->values[e] *= d->a->factors[NAME(row_number)(d, e)];
}

// Destination `first` + i, without memory.
INLINE NAME(destination) NAME(destination_at)(const halo_attention *a, size_t i) {
  int own = a->own_row != SIZE_MAX;
  NAME(destination) d = {.a = a, .sources = a->sources + a->begin[i], .edges = a->end[i] - a->begin[i], .own_row = a->own_row + i};
  d.count = d.edges + (own ? 1 : 0);
  d.first_slot = a->begin[i] + (own ? a->first + i : 0);
  d.limit = a->end[a->count - 1] > a->begin[i] ? a->end[a->count - 1] - a->begin[i] : 0;
  return d;
}

// Calls scores(d, k, extra, i), which fills the scores of head k of destination `first` + i, and finishes each head. `scores` is
// a constant at every call. A destination of many edges borrows memory while it is at work.
INLINE void NAME(attend)(const halo_attention *a, void (*scores)(const NAME(destination) *, size_t, const void *, size_t),
                         const void *extra, float *out, size_t out_stride) {
  char stack[8192] __attribute__((aligned(64)));
  for (size_t i = 0; i < a->count; i++) {
    NAME(destination) d = NAME(destination_at)(a, i);
    if (d.count == 0) {
      for (size_t c = 0; c < a->heads * a->width; c++) out[out_stride * i + c] = 0;
      continue;
    }
    size_t room = 16 * NAME(blocks)(d.count), bit_bytes = a->ids ? (d.count * a->heads + 7) / 8 : 0;
    size_t bytes = room * sizeof(float) + bit_bytes;
    char *memory = bytes <= sizeof(stack) ? stack : malloc(bytes);
    if (!memory) abort();
    d.values = (float *)memory;
    if (a->ids) {
      d.kept = (uint8_t *)(memory + room * sizeof(float));
      NAME(dropout_bits)(a->key, a->ids + i, 1, a->step, a->threshold, d.count * a->heads, d.kept, bit_bytes);
    }
    for (size_t k = 0; k < a->heads; k++) {
      scores(&d, k, extra, i);
      NAME(softmax)(&d);
      NAME(drop)(&d, k);
      NAME(apply_factors)(&d);
      NAME(add_head)(&d, k, out + out_stride * i + a->width * k);
    }
    if (memory != stack) free(memory);
  }
}
