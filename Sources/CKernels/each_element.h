// Includes ROW_BODY once for every element type, with
//   TYPED(f)          the name of function f in this copy,
//   ROW_SCALE         the scale of a row, 1 where its elements have none,
//   TIMES_ROW_SCALE   elements times that scale, which the body calls `row_scale`,
//   IN_MATRICES       whether matrices hold such elements, or only tables behind references,
//   VALUES, VALUE     as elements.h says,
// and defines CALL_TYPED(element, f, ...), which runs the copy of `element`.
#define TYPED(f) JOIN(JOIN(f, ELEMENT), COPY)
#define VALUES JOIN(VALUES, ELEMENT)
#define VALUE JOIN(VALUE, ELEMENT)

#define ROW_SCALE(row, rows) 1
#define TIMES_ROW_SCALE(x) (x)
#define IN_MATRICES 1
#define ELEMENT float32
#include ROW_BODY
#undef ELEMENT
#undef IN_MATRICES
#define IN_MATRICES 0
#define ELEMENT float16
#include ROW_BODY
#undef ELEMENT
#define ELEMENT bfloat16
#include ROW_BODY
#undef ELEMENT
#undef ROW_SCALE
#undef TIMES_ROW_SCALE
#define ROW_SCALE(row, rows) (*(const halo_loose_float *)((row) + (rows)->scale_offset))
#define TIMES_ROW_SCALE(x) ((x) * row_scale)
#define ELEMENT int8
#include ROW_BODY
#undef ELEMENT
#undef ROW_SCALE
#undef TIMES_ROW_SCALE
#undef IN_MATRICES

#undef TYPED
#undef VALUES
#undef VALUE

#define CALL_TYPED(element, f, ...)                                             \
  switch (element) {                                                            \
  case halo_float32: JOIN(f##_float32, COPY)(__VA_ARGS__); break;               \
  case halo_float16: JOIN(f##_float16, COPY)(__VA_ARGS__); break;               \
  case halo_bfloat16: JOIN(f##_bfloat16, COPY)(__VA_ARGS__); break;             \
  case halo_int8: JOIN(f##_int8, COPY)(__VA_ARGS__); break;                     \
  }
