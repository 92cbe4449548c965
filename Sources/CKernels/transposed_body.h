// What the backward passes of GAT and GATv2 share: one source at a time, and of it one head at a time, over its edges.
//
// The gradient of a score before the softmax is softmax * (gradient of the coefficient - sum over the destination's edges of
// softmax * gradient of the coefficient); that sum is the product of the destination's output and its gradient, known before.
// So one gather of the destinations' gradients does.

typedef struct NAME(transposed_edge) {
  size_t destination, slot;
} NAME(transposed_edge);

INLINE size_t NAME(transposed_count)(const halo_attention_transposed *a, size_t i) {
  return a->end[i] - a->begin[i] + (a->own_end && a->first + i < a->own_count ? 1 : 0);
}

INLINE NAME(transposed_edge) NAME(edge_at)(const halo_attention_transposed *a, size_t i, size_t e) {
  size_t place = a->begin[i] + e;
  if (place == a->end[i]) return (NAME(transposed_edge)){a->first + i, a->own_end[a->first + i] + a->first + i};
  size_t destination = a->destinations[place];
  return (NAME(transposed_edge)){destination, a->edges[place] + (a->own_end ? destination : 0)};
}

// Asks for what an edge further on reads, which may be another source's.
INLINE void NAME(ask_for_gradient)(const halo_attention_transposed *a, size_t i, size_t e) {
  size_t row_bytes = a->heads * a->width * sizeof(float), ahead = row_bytes <= 256 ? 32 : row_bytes <= 640 ? 16 : 8;
  size_t place = a->begin[i] + e + ahead;
  if (place >= a->end[a->count - 1]) return;
  size_t destination = a->destinations[place];
  halo_ask_for((const char *)(a->gradient + a->gradient_stride * destination), row_bytes);
  __builtin_prefetch(a->coefficients + a->heads * (a->edges[place] + (a->own_end ? destination : 0)));
}

// What the source's row was multiplied by in the destination's output.
INLINE float NAME(factor)(const halo_attention_transposed *a, const NAME(transposed_edge) * edge, size_t k) {
  float noted = a->coefficients[edge->slot * a->heads + k];
  return noted > 0 ? noted * a->scale : 0;
}

// Gradient of the edge's score before the softmax, from the product of row and gradient.
INLINE float NAME(score_gradient)(const halo_attention_transposed *a, const NAME(transposed_edge) * edge, size_t k, float dot) {
  float noted = a->coefficients[edge->slot * a->heads + k];
  float gradient = noted > 0 ? dot * a->scale : 0;
  return __builtin_fabsf(noted) * (gradient - a->products[a->product_stride * edge->destination + k]);
}
