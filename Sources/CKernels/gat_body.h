#include "softmax_body.h"

typedef struct NAME(gat_scores) {
  const float *source, *destination;
  size_t source_stride, destination_stride;
} NAME(gat_scores);

static inline void NAME(score_gat)(const NAME(destination) * d, size_t k, const void *extra, size_t i) {
  const NAME(gat_scores) *s = extra;
  float destination = s->destination[s->destination_stride * i + k];
  const float *source = s->source + k;
  for (size_t e = 0; e < d->edges; e++) {
    if (k == 0) NAME(ask)(d, e);
    d->values[e] = NAME(leaky)(source[s->source_stride * d->sources[e]] + destination);
  }
  if (d->count > d->edges) d->values[d->edges] = NAME(leaky)(source[s->source_stride * d->own_row] + destination);
}

static void NAME(gat_forward)(const halo_attention *a, const float *source_scores, size_t source_stride,
                              const float *destination_scores, size_t destination_stride, float *out, size_t out_stride) {
  NAME(gat_scores) s = {source_scores, destination_scores, source_stride, destination_stride};
  NAME(attend)(a, NAME(score_gat), &s, out, out_stride);
}

#include "transposed_body.h"

// Gradient of an edge's score before the leaky ReLU.
INLINE float NAME(gat_gradient)(const halo_attention_transposed *a, const NAME(transposed_edge) * edge, size_t k, float dot,
                                float source_score, const float *destination_scores, size_t destination_stride) {
  float gradient = NAME(score_gradient)(a, edge, k, dot);
  float score = source_score + destination_scores[destination_stride * edge->destination + k];
  gradient = score > 0 ? gradient : HALO_LEAKY_SLOPE * gradient;
  a->score_gradients[edge->slot * a->heads + k] = gradient;
  return gradient;
}

// Head k of source i, whose columns fit `blocks` vectors in registers; a constant at every call.
INLINE void NAME(gat_source)(const halo_attention_transposed *a, size_t i, size_t k, size_t blocks, float source_score,
                             const float *destination_scores, size_t destination_stride, const float *vector,
                             float *vector_gradient, float *out) {
  const float *row = a->rows + a->row_stride * i + a->width * k;
  VECTOR own[HEAD_STRIP], sums[HEAD_STRIP];
  _Pragma("unroll") for (size_t b = 0; b < blocks; b++) {
    NAME(load)(row + 16 * b, NAME(length)(b, blocks, a->width), &own[b]);
    sums[b] = (VECTOR){0};
  }
  float score_gradient = 0;
  size_t count = NAME(transposed_count)(a, i);
  for (size_t e = 0; e < count; e++) {
    NAME(transposed_edge) edge = NAME(edge_at)(a, i, e);
    if (k == 0) NAME(ask_for_gradient)(a, i, e);
    const float *gradient = a->gradient + a->gradient_stride * edge.destination + a->width * k;
    float factor = NAME(factor)(a, &edge, k);
    VECTOR dots = {0};
    _Pragma("unroll") for (size_t b = 0; b < blocks; b++) {
      VECTOR g;
      NAME(load)(gradient + 16 * b, NAME(length)(b, blocks, a->width), &g);
      dots += g * own[b];
      sums[b] += factor * g;
    }
    score_gradient += NAME(gat_gradient)(a, &edge, k, NAME(sum)(&dots), source_score, destination_scores, destination_stride);
  }
  _Pragma("unroll") for (size_t b = 0; b < blocks; b++) {
    size_t length = NAME(length)(b, blocks, a->width);
    VECTOR v, g;
    NAME(load)(vector + 16 * b, length, &v);
    NAME(load)(vector_gradient + 16 * b, length, &g);
    sums[b] += score_gradient * v;
    g += score_gradient * own[b];
    NAME(store)(out + 16 * b, length, &sums[b]);
    NAME(store)(vector_gradient + 16 * b, length, &g);
  }
}

// The same for a head of any width, whose sums lie in `out`.
static void NAME(gat_wide_source)(const halo_attention_transposed *a, size_t i, size_t k, float source_score,
                                  const float *destination_scores, size_t destination_stride, const float *vector,
                                  float *vector_gradient, float *out) {
  const float *row = a->rows + a->row_stride * i + a->width * k;
  float score_gradient = 0;
  size_t count = NAME(transposed_count)(a, i);
  for (size_t c = 0; c < a->width; c++) out[c] = 0;
  for (size_t e = 0; e < count; e++) {
    NAME(transposed_edge) edge = NAME(edge_at)(a, i, e);
    if (k == 0) NAME(ask_for_gradient)(a, i, e);
    const float *gradient = a->gradient + a->gradient_stride * edge.destination + a->width * k;
    float dot = NAME(dot)(gradient, row, a->width);
    NAME(add_product)(out, NAME(factor)(a, &edge, k), gradient, a->width, out);
    score_gradient += NAME(gat_gradient)(a, &edge, k, dot, source_score, destination_scores, destination_stride);
  }
  NAME(add_product)(out, score_gradient, vector, a->width, out);
  NAME(add_product)(vector_gradient, score_gradient, row, a->width, vector_gradient);
}

#define GAT_SOURCE(blocks)                                                                                                       \
  case blocks:                                                                                                                   \
    NAME(gat_source)(a, i, k, blocks, score, destination_scores, destination_stride, vectors + c, vectors_gradient + c, out + o); \
    break;

static void NAME(gat_backward)(const halo_attention_transposed *a, const float *source_scores, size_t source_stride,
                               const float *destination_scores, size_t destination_stride, const float *vectors,
                               float *vectors_gradient, float *out, size_t out_stride) {
  for (size_t i = 0; i < a->count; i++)
    for (size_t k = 0; k < a->heads; k++) {
      size_t c = a->width * k, o = out_stride * i + c;
      float score = source_scores[source_stride * i + k];
      switch (NAME(blocks)(a->width)) {
        GAT_SOURCE(1)
        GAT_SOURCE(2)
        GAT_SOURCE(3)
        GAT_SOURCE(4)
      default:
        NAME(gat_wide_source)(a, i, k, score, destination_scores, destination_stride, vectors + c, vectors_gradient + c, out + o);
      }
    }
}

// out[i, k] = sum of the score gradients of the edges of destination i.
static void NAME(gat_backward_destinations)(const halo_attention *a, const float *score_gradients, float *out, size_t out_stride) {
  int own = a->own_row != SIZE_MAX;
  for (size_t i = 0; i < a->count; i++) {
    size_t slot = a->begin[i] + (own ? a->first + i : 0), count = a->end[i] - a->begin[i] + (own ? 1 : 0);
    for (size_t k = 0; k < a->heads; k++) {
      float sum = 0;
      for (size_t e = 0; e < count; e++) sum += score_gradients[(slot + e) * a->heads + k];
      out[out_stride * i + k] = sum;
    }
  }
}

#undef GAT_SOURCE
#undef VECTOR
#undef INLINE
#undef HEAD_STRIP
