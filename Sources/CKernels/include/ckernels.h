#pragma once
#include <stddef.h>
#include <stdint.h>

/// Loops that gain from instructions the compiler may not assume. Each has one body, compiled once for every instruction
/// set below; all of them add and multiply in the same order and never fuse the two, so their results have the same bits.
typedef enum halo_isa : uint32_t {
  halo_isa_portable = 0,
  halo_isa_avx2 = 1,
  halo_isa_avx512 = 2,
} halo_isa;

/// The widest instruction set of this processor that a body was compiled for.
halo_isa halo_isa_detect(void);

/// Edges of consecutive destinations: destination i has edges begin[i] ..< end[i].
typedef struct halo_edges {
  const uint32_t *begin;
  const uint32_t *end;
  /// Row read by each edge.
  const uint32_t *sources;
  /// Factor of each edge, or NULL for 1.
  const float *weights;
  /// Factor of each row, or NULL for 1.
  const float *scales;
} halo_edges;

/// How the elements of rows are stored. Every one widens to a float32 without rounding.
typedef enum halo_element : uint32_t {
  halo_float32 = 0,
  halo_float16 = 1,
  /// The upper half of a float32.
  halo_bfloat16 = 2,
  /// Times the row's own scale, a float32 at `scale_offset` in the row: the product is rounded to float32.
  halo_int8 = 3,
} halo_element;

/// Rows by number: row s is base + s * stride, or, with references, bases[g] + r * strides[g] where g is the top 16 bits and
/// r the low 48 bits of references[s]. Strides and offsets are in bytes.
typedef struct halo_rows {
  const char *base;
  size_t stride;
  const uint64_t *references;
  const char *const *bases;
  const size_t *strides;
  halo_element element;
  size_t scale_offset;
} halo_rows;

/// out[i] = initial[i] + m(i) * sum over edges e of destination i of weights[e] * scales[sources[e]] * row(sources[e]),
/// for i in 0 ..< count, where m(i) is 1, or with `mean` 1 / (number of edges) and 0 without edges.
///
/// Only rows below initial_count have an initial value, the others start from zero; `initial` may be `out`. Strides of
/// matrices are in elements.
void halo_aggregate(halo_isa isa, const halo_edges *edges, const halo_rows *rows, size_t count, size_t width, int mean,
                    const float *initial, size_t initial_count, size_t initial_stride, float *out, size_t out_stride);

/// out[i] = scales[first + i] * row(first + i) for i in 0 ..< count; `scales` NULL: 1.
void halo_copy_rows(halo_isa isa, const halo_rows *rows, size_t first, size_t count, size_t width, const float *scales, float *out,
                    size_t out_stride);

/// out[i] = scales[i] * out[i] + factors[i] * row(first + i) for i in 0 ..< count.
void halo_blend_rows(halo_isa isa, const halo_rows *rows, size_t first, size_t count, size_t width, const float *scales,
                     const float *factors, float *out, size_t out_stride);

/// sums[i] = sum of the elements of row(first + i) for i in 0 ..< count, in eight interleaved partial sums that are added
/// pairwise, and then the last width % 8 elements one after the other.
void halo_sum_rows(halo_isa isa, const halo_rows *rows, size_t first, size_t count, size_t width, float *sums);

/// Keep bits of dropout: bit c % 8 of bits[i * bits_stride + c / 8] is set when the 16-bit number of column c, drawn by
/// Philox4x32-10 under `key` at counter (ids[i], step, c / 8), is at least `threshold`. Bits past the width are zero.
void halo_dropout_bits(halo_isa isa, uint64_t key, const int64_t *ids, size_t count, uint32_t step, uint32_t threshold,
                       size_t width, uint8_t *bits, size_t bits_stride);

/// z = max(z + bias, 0), then times `scale` where the keep bit is set and 0 elsewhere (`keep` NULL: all kept).
/// positive bit = kept and z + bias > 0; `positive` may be `keep`. Both have bits_stride bytes a row.
void halo_bias_relu(halo_isa isa, float *z, size_t count, size_t width, size_t stride, const float *bias, const uint8_t *keep,
                    float scale, uint8_t *positive, size_t bits_stride);

/// z = bit set ? z * scale : 0.
void halo_mask(halo_isa isa, float *z, size_t count, size_t width, size_t stride, const uint8_t *bits, size_t bits_stride,
               float scale);

/// g = scale * gradient, squares += g * g, row -= rate * (g / (sqrt(squares) + epsilon)), element by element.
void halo_adagrad(halo_isa isa, float *row, const float *gradient, float *squares, float scale, float rate, float epsilon,
                  size_t count);

/// values[i] = halves[i], float16 widened without rounding.
void halo_widen_halves(halo_isa isa, const uint16_t *halves, float *values, size_t count);

/// halves[i] = values[i] rounded to the nearest float16, ties to even.
void halo_round_to_halves(halo_isa isa, const float *values, uint16_t *halves, size_t count);

/// Asks for the cache lines of a row.
static inline void halo_ask_for(const char *row, size_t row_bytes) {
  for (const char *line = row - ((uintptr_t)row & 63); line < row + row_bytes; line += 64) __builtin_prefetch(line);
}

/// Sum of the first word of every 64 bytes of each row that `sequence` names: reading, and nothing else. Rows are asked for
/// `ahead` places early, 0: never. `row_bytes` beyond a multiple of 64 count when they hold a word.
uint64_t halo_touch_rows(const char *base, size_t stride, size_t row_bytes, const uint32_t *sequence, size_t count, size_t ahead);

/// The same of the rows at the addresses `rows`.
uint64_t halo_touch_addresses(const char *const *rows, size_t row_bytes, size_t count, size_t ahead);

/// Copies the rows that `sequence` names behind each other to `out`, whole or not: `row_bytes` of each.
void halo_gather_bytes(const char *base, size_t stride, size_t row_bytes, const uint32_t *sequence, size_t count, char *out);

/// Copies `count` rows that lie behind each other to the addresses `targets`, and fills each up to `stride` bytes with zeros.
void halo_scatter_bytes(const char *rows, size_t row_bytes, size_t stride, void *const *targets, size_t count);
