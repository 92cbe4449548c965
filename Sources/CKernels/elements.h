// How the stored elements of a row are read: included by a body, once for each instruction set.
//
//   VECTOR(L)              L float32 lanes
//   VALUES(L, row, c)      elements c ..< c + L of a row, widened
//   VALUE(row, c)          element c, widened
// The last two are named by element type in each_element.h.
#define VECTOR(L) JOIN(NAME(vector), L)
#define BITS(L) JOIN(NAME(bits), L)
#define HALVES(L) JOIN(NAME(halves), L)
#define SHORTS(L) JOIN(NAME(shorts), L)
#define BYTES(L) JOIN(NAME(bytes), L)

#define DEFINE_VECTORS(L)                                                            \
  typedef float VECTOR(L) __attribute__((vector_size(4 * L), aligned(4)));           \
  typedef uint32_t BITS(L) __attribute__((vector_size(4 * L)));                      \
  typedef _Float16 HALVES(L) __attribute__((vector_size(2 * L), aligned(2)));        \
  typedef uint16_t SHORTS(L) __attribute__((vector_size(2 * L), aligned(2)));        \
  typedef int8_t BYTES(L) __attribute__((vector_size(L), aligned(1)));
DEFINE_VECTORS(4)
DEFINE_VECTORS(8)
#if LANES >= 16
DEFINE_VECTORS(16)
#endif

#ifndef HALO_WIDENING
#define HALO_WIDENING
typedef float halo_loose_float __attribute__((aligned(1)));
typedef uint16_t halo_loose_short __attribute__((aligned(1)));

static inline float halo_float_of_bits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}

// Exponent and fraction of a float16 mean 2^112 times less where a float32 has them, subnormal numbers too; the product with a
// power of two is exact. Infinity and NaN get their exponent back, and NaN is made quiet as the instructions do.
static inline float halo_widen_half(uint16_t half) {
  uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13, bits;
  float scaled = halo_float_of_bits(magnitude) * 0x1p112f;
  __builtin_memcpy(&bits, &scaled, 4);
  if (magnitude >= 0x0f800000) bits |= 0x7f800000;
  if (magnitude > 0x0f800000) bits |= 0x00400000;
  return halo_float_of_bits(bits | (uint32_t)(half & 0x8000) << 16);
}
#endif

#define VALUES_float32(L, row, c) (*(const VECTOR(L) *)((row) + 4 * (c)))
#define VALUE_float32(row, c) (*(const halo_loose_float *)((row) + 4 * (c)))

#define VALUES_bfloat16(L, row, c) \
  ((VECTOR(L))(__builtin_convertvector(*(const SHORTS(L) *)((row) + 2 * (c)), BITS(L)) << 16))
#define VALUE_bfloat16(row, c) halo_float_of_bits((uint32_t) * (const halo_loose_short *)((row) + 2 * (c)) << 16)

#undef VALUES_float16
#if CONVERTS_HALF
#define VALUES_float16(L, row, c) __builtin_convertvector(*(const HALVES(L) *)((row) + 2 * (c)), VECTOR(L))
#else
// `halo_widen_half`, lane by lane; a comparison gives all ones where it holds.
#define VALUES_float16(L, row, c)                                                                      \
  ({                                                                                                   \
    BITS(L) half_ = __builtin_convertvector(*(const SHORTS(L) *)((row) + 2 * (c)), BITS(L));           \
    BITS(L) magnitude_ = (half_ & 0x7fff) << 13;                                                       \
    BITS(L) bits_ = (BITS(L))((VECTOR(L))magnitude_ * 0x1p112f);                                       \
    bits_ |= (BITS(L))(magnitude_ >= 0x0f800000) & 0x7f800000;                                         \
    bits_ |= (BITS(L))(magnitude_ > 0x0f800000) & 0x00400000;                                          \
    (VECTOR(L))(bits_ | (half_ & 0x8000) << 16);                                                       \
  })
#endif
#define VALUE_float16(row, c) halo_widen_half(*(const halo_loose_short *)((row) + 2 * (c)))

#define VALUES_int8(L, row, c) __builtin_convertvector(*(const BYTES(L) *)((row) + (c)), VECTOR(L))
#define VALUE_int8(row, c) ((float)*(const int8_t *)((row) + (c)))

static inline __attribute__((always_inline)) const char *NAME(row)(const halo_rows *rows, size_t number, int indirect) {
  if (!indirect) return rows->base + rows->stride * number;
  uint64_t reference = rows->references[number];
  return rows->bases[reference >> 48] + rows->strides[reference >> 48] * (reference & 0xffffffffffff);
}

// Bytes of a row that are read.
static inline size_t NAME(row_bytes)(const halo_rows *rows, size_t width) {
  switch (rows->element) {
  case halo_float32: return 4 * width;
  case halo_float16:
  case halo_bfloat16: return 2 * width;
  case halo_int8: return rows->scale_offset + 4;
  }
}
