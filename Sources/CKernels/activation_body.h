// Eight columns at a time: a byte of mask is a vector of eight conditions. (Macros where a function would pass vectors that
// the portable copy has no register for.)

typedef float NAME(floats) __attribute__((vector_size(32), aligned(4)));
typedef int32_t NAME(conditions) __attribute__((vector_size(32), aligned(4)));
typedef _Bool NAME(flags) __attribute__((ext_vector_type(8)));

// value where the bit of its column is set, else 0.
#define SELECT(byte, value)                                                                           \
  ({                                                                                                  \
    NAME(flags) flags;                                                                                \
    memcpy(&flags, &(byte), 1);                                                                       \
    (NAME(floats))((NAME(conditions))(value) & -__builtin_convertvector(flags, NAME(conditions)));    \
  })

static void NAME(bias_relu)(float *z, size_t count, size_t width, size_t stride, const float *bias, const uint8_t *keep,
                            float scale, uint8_t *positive, size_t bits_stride) {
  for (size_t i = 0; i < count; i++) {
    float *row = z + stride * i;
    const uint8_t *kept = keep ? keep + bits_stride * i : NULL;
    uint8_t *bits = positive + bits_stride * i;
    size_t c = 0;
    for (; c + 8 <= width; c += 8) {
      NAME(floats) value = *(const NAME(floats) *)(row + c) + *(const NAME(floats) *)(bias + c);
      NAME(flags) above = __builtin_convertvector(value > 0, NAME(flags));
      uint8_t byte;
      memcpy(&byte, &above, 1);
      if (kept) byte &= kept[c / 8];
      bits[c / 8] = byte;
      *(NAME(floats) *)(row + c) = SELECT(byte, value * scale);
    }
    if (c == width) continue;
    uint8_t byte = 0, mask = kept ? kept[c / 8] : 0xff;
    for (size_t bit = 0; c + bit < width; bit++) {
      float value = row[c + bit] + bias[c + bit];
      int set = value > 0 && (mask >> bit & 1);
      byte |= (uint8_t)(set << bit);
      row[c + bit] = set ? value * scale : 0;
    }
    bits[c / 8] = byte;
  }
}

static void NAME(mask)(float *z, size_t count, size_t width, size_t stride, const uint8_t *bits, size_t bits_stride,
                       float scale) {
  for (size_t i = 0; i < count; i++) {
    float *row = z + stride * i;
    const uint8_t *mask = bits + bits_stride * i;
    size_t c = 0;
    for (; c + 8 <= width; c += 8)
      *(NAME(floats) *)(row + c) = SELECT(mask[c / 8], *(const NAME(floats) *)(row + c) * scale);
    for (; c < width; c++) row[c] = mask[c / 8] >> (c % 8) & 1 ? row[c] * scale : 0;
  }
}

#undef SELECT
