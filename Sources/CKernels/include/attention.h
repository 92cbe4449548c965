#pragma once
#include "ckernels.h"

/// Attention over the in-edges of destinations, in heads: columns k * width ..< (k + 1) * width of a row belong to head k.
/// Every copy of a body adds in the same order: sums over columns in sixteen interleaved partial sums added pairwise at the
/// end, sums over edges one after the other.

/// Slope of the leaky ReLU below zero.
#define HALO_LEAKY_SLOPE 0.2f

/// Slots: what is kept of each edge and head. Destination v has the slots begin[v] + o ... of its edges in order, where o is v
/// with edges from itself and 0 without, and then the slot of the edge from itself.
typedef struct halo_attention {
  /// Edges of `count` consecutive destinations, of which `first` is the first; edge e reads row sources[e].
  const uint32_t *begin;
  const uint32_t *end;
  const uint32_t *sources;
  size_t first;
  size_t count;
  /// Row of destination `first`, the next destination's follows; each has an edge from its own row. SIZE_MAX: no such edges.
  size_t own_row;
  size_t heads;
  size_t width;
  const float *rows;
  size_t row_stride;
  /// Rows wherever they lie, in place of `rows`; or NULL.
  const halo_rows *inputs;
  /// Factor of each row, or NULL for 1.
  const float *factors;
  /// Columns from one head of a row to the next: `width`, or 0 where all heads read the same columns.
  size_t head_step;
  /// Global id of each destination, which keys the dropout of coefficients; NULL: none are dropped.
  const int64_t *ids;
  uint64_t key;
  uint32_t step;
  uint32_t threshold;
  /// What kept coefficients are multiplied by.
  float scale;
  /// Softmax of the scores by (slot, head), negated where it was dropped; or NULL.
  float *coefficients;
} halo_attention;

/// The same edges by source: what the backward pass gathers along.
typedef struct halo_attention_transposed {
  /// Edges of `count` consecutive sources, of which `first` is the first: where they lead, and their numbers in
  /// `halo_attention`.
  const uint32_t *begin;
  const uint32_t *end;
  const uint32_t *destinations;
  const uint32_t *edges;
  size_t first;
  size_t count;
  /// Where the edges of each destination end. A source below `own_count` has an edge from itself, after its others.
  const uint32_t *own_end;
  size_t own_count;
  size_t heads;
  size_t width;
  /// Rows of the sources, from `first` on.
  const float *rows;
  size_t row_stride;
  /// Gradient of each destination's output.
  const float *gradient;
  size_t gradient_stride;
  /// Product of output and its gradient, by (destination, head).
  const float *products;
  size_t product_stride;
  const float *coefficients;
  float scale;
  /// Receives the gradient of every edge's score, by (slot, head): for GAT before the leaky ReLU, for GATv2 before the softmax.
  float *score_gradients;
} halo_attention_transposed;

/// x[i] = exp(x[i]) for x[i] <= 0; 0 where the result would be below 2^-126.
void halo_exp(halo_isa isa, float *x, size_t count);

/// out[i, k] = sum over f of x[i, k, f] * y[i, k, f]; a `y_stride` of 0 takes one row y for all.
void halo_head_dots(halo_isa isa, const float *x, size_t x_stride, const float *y, size_t y_stride, size_t count, size_t heads,
                    size_t width, float *out, size_t out_stride);

/// x[i, k, f] = factors[i, k] * y[k, f], or with `accumulate` += it.
void halo_head_products(halo_isa isa, const float *factors, size_t factor_stride, const float *y, size_t count, size_t heads,
                        size_t width, int accumulate, float *x, size_t x_stride);

/// sums[k, f] += sum over i of factors[i, k] * x[i, k, f], in the order of i.
void halo_head_sums(halo_isa isa, const float *factors, size_t factor_stride, const float *x, size_t x_stride, size_t count,
                    size_t heads, size_t width, float *sums);

/// GAT: the score of edge u -> v is leaky(source_scores[u] + destination_scores[v]), out[v] the sum of softmax times rows[u].
/// Destination scores and `out` begin at `first`.
void halo_gat_forward(halo_isa isa, const halo_attention *a, const float *source_scores, size_t source_stride,
                      const float *destination_scores, size_t destination_stride, float *out, size_t out_stride);

/// GAT: out[u] = gradient of row u through the outputs and through its score as a source, which is its product with `vectors`;
/// vectors_gradient += gradient of `vectors`. Source scores and `out` begin at `first`.
void halo_gat_backward(halo_isa isa, const halo_attention_transposed *a, const float *source_scores, size_t source_stride,
                       const float *destination_scores, size_t destination_stride, const float *vectors, float *vectors_gradient,
                       float *out, size_t out_stride);

/// GAT: out[v, k] = gradient of the destination score of v. `out` begins at `first`; of `a` only begin, end, first, count, own_row
/// and heads are read.
void halo_gat_backward_destinations(halo_isa isa, const halo_attention *a, const float *score_gradients, float *out,
                                    size_t out_stride);

/// GAT on rows that all heads share, transformed by nobody: the score of edge u -> v for head k is leaky(source_vectors[k] * row(u) +
/// destination_vectors[k] * row(v)), out[v, k] the sum of softmax times row(u); `out` has heads * width columns and begins at `first`,
/// whose row is `destination_row`. `head_step` is 0.
void halo_gat_inputs_forward(halo_isa isa, const halo_attention *a, size_t destination_row, const float *source_vectors,
                             const float *destination_vectors, float *out, size_t out_stride);

/// The gradients of both lists of vectors, added to the sums, (heads, width) each; `coefficients` are those of the forward pass.
/// `gradient` is that of the forward pass's `out`.
void halo_gat_inputs_backward(halo_isa isa, const halo_attention *a, size_t destination_row, const float *source_vectors,
                              const float *destination_vectors, const float *out, size_t out_stride, const float *gradient,
                              size_t gradient_stride, float *source_sums, float *destination_sums);

/// Words of `signs` for a head of `width` columns.
static inline size_t halo_gatv2_sign_words(size_t width) { return (width + 15) / 16; }

/// GATv2: the score of edge u -> v is the product of `vectors` and leaky(rows[u] + destination_rows[v]), out[v] the sum of
/// softmax times rows[u]. Destination rows and `out` begin at `first`.
///
/// - signs: receives whether each column was above zero, by (slot, head, column); or NULL.
void halo_gatv2_forward(halo_isa isa, const halo_attention *a, const float *destination_rows, size_t destination_stride,
                        const float *vectors, uint16_t *signs, float *out, size_t out_stride);

/// GATv2: out[u] = gradient of row u; vectors_gradient += the share of `vectors`' gradient that source rows give.
void halo_gatv2_backward(halo_isa isa, const halo_attention_transposed *a, const uint16_t *signs, const float *vectors,
                         float *vectors_gradient, float *out, size_t out_stride);

/// GATv2: out[v] = gradient of destination row v; vectors_gradient += the share of `vectors`' gradient that destination rows
/// give. Destination rows and `out` begin at `first`; of `a` only begin, end, first, count, own_row, heads and width are read.
void halo_gatv2_backward_destinations(halo_isa isa, const halo_attention *a, const float *score_gradients, const uint16_t *signs,
                                      const float *destination_rows, size_t destination_stride, const float *vectors,
                                      float *vectors_gradient, float *out, size_t out_stride);
