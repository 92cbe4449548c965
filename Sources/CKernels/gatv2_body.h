#include "softmax_body.h"

typedef _Bool NAME(flags) __attribute__((ext_vector_type(16)));

// Column by column `above` where the flag is set, else `below`.
INLINE void NAME(choose)(uint16_t word, float above, float below, VECTOR *v) {
  NAME(flags) flags;
  memcpy(&flags, &word, sizeof word);
  NAME(bits) set = -__builtin_convertvector(flags, NAME(bits));
  *v = (VECTOR)(((NAME(bits))((VECTOR){0} + above) & set) | ((NAME(bits))((VECTOR){0} + below) & ~set));
}

typedef struct NAME(gatv2_scores) {
  const float *destination, *vectors;
  size_t destination_stride;
  uint16_t *signs;
} NAME(gatv2_scores);

static inline void NAME(score_gatv2)(const NAME(destination) * d, size_t k, const void *extra, size_t i) {
  const NAME(gatv2_scores) *s = extra;
  size_t width = d->a->width, blocks = NAME(blocks)(width);
  const float *destination = s->destination + s->destination_stride * i + width * k, *vector = s->vectors + width * k;
  uint16_t *signs = s->signs ? s->signs + (d->first_slot * d->a->heads + k) * blocks : NULL;
  for (size_t e = 0; e < d->count; e++) {
    if (k == 0) NAME(ask)(d, e);
    const float *row = NAME(row)(d, e) + width * k;
    VECTOR dots = {0};
    for (size_t b = 0; b < blocks; b++) {
      size_t length = NAME(length)(b, blocks, width);
      VECTOR x, y, v;
      NAME(load)(row + 16 * b, length, &x);
      NAME(load)(destination + 16 * b, length, &y);
      NAME(load)(vector + 16 * b, length, &v);
      x += y;
      NAME(flags) above = __builtin_convertvector(x > 0, NAME(flags));
      uint16_t word;
      memcpy(&word, &above, sizeof word);
      NAME(choose)(word, 1, HALO_LEAKY_SLOPE, &y);
      dots += v * (x * y);
      if (signs) signs[e * d->a->heads * blocks + b] = word;
    }
    d->values[e] = NAME(sum)(&dots);
  }
}

static void NAME(gatv2_forward)(const halo_attention *a, const float *destination_rows, size_t destination_stride,
                                const float *vectors, uint16_t *signs, float *out, size_t out_stride) {
  NAME(gatv2_scores) s = {destination_rows, vectors, destination_stride, signs};
  NAME(attend)(a, NAME(score_gatv2), &s, out, out_stride);
}

#include "transposed_body.h"

INLINE float NAME(gatv2_gradient)(const halo_attention_transposed *a, const NAME(transposed_edge) * edge, size_t k, float dot) {
  float gradient = NAME(score_gradient)(a, edge, k, dot);
  a->score_gradients[edge->slot * a->heads + k] = gradient;
  return gradient;
}

// Head k of source i, whose columns fit `blocks` vectors in registers; a constant at every call.
INLINE void NAME(gatv2_source)(const halo_attention_transposed *a, size_t i, size_t k, size_t blocks, const uint16_t *signs,
                               const float *vector, float *vector_gradient, float *out) {
  const float *row = a->rows + a->row_stride * i + a->width * k;
  // Sums of gradients through the outputs, and of score gradients times the slope of each column.
  VECTOR own[HEAD_STRIP], sums[HEAD_STRIP], slopes[HEAD_STRIP];
  _Pragma("unroll") for (size_t b = 0; b < blocks; b++) {
    NAME(load)(row + 16 * b, NAME(length)(b, blocks, a->width), &own[b]);
    sums[b] = (VECTOR){0};
    slopes[b] = (VECTOR){0};
  }
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
    float above = NAME(gatv2_gradient)(a, &edge, k, NAME(sum)(&dots)), below = HALO_LEAKY_SLOPE * above;
    const uint16_t *words = signs + (edge.slot * a->heads + k) * blocks;
    _Pragma("unroll") for (size_t b = 0; b < blocks; b++) {
      VECTOR slope;
      NAME(choose)(words[b], above, below, &slope);
      slopes[b] += slope;
    }
  }
  _Pragma("unroll") for (size_t b = 0; b < blocks; b++) {
    size_t length = NAME(length)(b, blocks, a->width);
    VECTOR v, g;
    NAME(load)(vector + 16 * b, length, &v);
    NAME(load)(vector_gradient + 16 * b, length, &g);
    sums[b] += slopes[b] * v;
    g += slopes[b] * own[b];
    NAME(store)(out + 16 * b, length, &sums[b]);
    NAME(store)(vector_gradient + 16 * b, length, &g);
  }
}

// The same for a head of any width, whose sums lie in `out`.
static void NAME(gatv2_wide_source)(const halo_attention_transposed *a, size_t i, size_t k, const uint16_t *signs, const float *vector,
                                    float *vector_gradient, float *out) {
  const float *row = a->rows + a->row_stride * i + a->width * k;
  size_t count = NAME(transposed_count)(a, i), blocks = NAME(blocks)(a->width);
  for (size_t c = 0; c < a->width; c++) out[c] = 0;
  for (size_t e = 0; e < count; e++) {
    NAME(transposed_edge) edge = NAME(edge_at)(a, i, e);
    if (k == 0) NAME(ask_for_gradient)(a, i, e);
    const float *gradient = a->gradient + a->gradient_stride * edge.destination + a->width * k;
    float factor = NAME(factor)(a, &edge, k);
    float above = NAME(gatv2_gradient)(a, &edge, k, NAME(dot)(gradient, row, a->width)), below = HALO_LEAKY_SLOPE * above;
    const uint16_t *words = signs + (edge.slot * a->heads + k) * blocks;
    for (size_t b = 0; b < blocks; b++) {
      size_t length = NAME(length)(b, blocks, a->width);
      VECTOR slope, x, sum, v;
      NAME(choose)(words[b], above, below, &slope);
      NAME(load)(gradient + 16 * b, length, &x);
      NAME(load)(vector + 16 * b, length, &v);
      NAME(load)(out + 16 * b, length, &sum);
      sum += factor * x + slope * v;
      NAME(store)(out + 16 * b, length, &sum);
      NAME(load)(row + 16 * b, length, &x);
      NAME(load)(vector_gradient + 16 * b, length, &sum);
      sum += slope * x;
      NAME(store)(vector_gradient + 16 * b, length, &sum);
    }
  }
}

#define GATV2_SOURCE(blocks) \
  case blocks: NAME(gatv2_source)(a, i, k, blocks, signs, vectors + c, vectors_gradient + c, out + o); break;

static void NAME(gatv2_backward)(const halo_attention_transposed *a, const uint16_t *signs, const float *vectors,
                                 float *vectors_gradient, float *out, size_t out_stride) {
  for (size_t i = 0; i < a->count; i++)
    for (size_t k = 0; k < a->heads; k++) {
      size_t c = a->width * k, o = out_stride * i + c;
      switch (NAME(blocks)(a->width)) {
        GATV2_SOURCE(1)
        GATV2_SOURCE(2)
        GATV2_SOURCE(3)
        GATV2_SOURCE(4)
      default: NAME(gatv2_wide_source)(a, i, k, signs, vectors + c, vectors_gradient + c, out + o);
      }
    }
}

// Columns 16 * block ... of head k of a destination: `count` edges from `slot` on.
INLINE void NAME(gatv2_destination)(const halo_attention *a, size_t slot, size_t count, size_t k, size_t block,
                                    const float *score_gradients, const uint16_t *signs, const float *row, const float *vector,
                                    float *vector_gradient, float *out) {
  size_t blocks = NAME(blocks)(a->width), length = NAME(length)(block, blocks, a->width);
  VECTOR slopes = {0}, v, x, g;
  for (size_t e = 0; e < count; e++) {
    size_t place = (slot + e) * a->heads + k;
    float above = score_gradients[place], below = HALO_LEAKY_SLOPE * above;
    NAME(choose)(signs[place * blocks + block], above, below, &x);
    slopes += x;
  }
  NAME(load)(vector, length, &v);
  NAME(load)(row, length, &x);
  NAME(load)(vector_gradient, length, &g);
  v = slopes * v;
  g += slopes * x;
  NAME(store)(out, length, &v);
  NAME(store)(vector_gradient, length, &g);
}

static void NAME(gatv2_backward_destinations)(const halo_attention *a, const float *score_gradients, const uint16_t *signs,
                                              const float *destination_rows, size_t destination_stride, const float *vectors,
                                              float *vectors_gradient, float *out, size_t out_stride) {
  int own = a->own_row != SIZE_MAX;
  for (size_t i = 0; i < a->count; i++) {
    size_t slot = a->begin[i] + (own ? a->first + i : 0), count = a->end[i] - a->begin[i] + (own ? 1 : 0);
    for (size_t k = 0; k < a->heads; k++)
      for (size_t b = 0; b < NAME(blocks)(a->width); b++) {
        size_t c = a->width * k + 16 * b;
        NAME(gatv2_destination)(a, slot, count, k, b, score_gradients, signs, destination_rows + destination_stride * i + c, vectors + c,
                                vectors_gradient + c, out + out_stride * i + c);
      }
  }
}

#undef GATV2_SOURCE
#undef VECTOR
#undef INLINE
#undef HEAD_STRIP
