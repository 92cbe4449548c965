// Several Philox blocks at once, one in the low half of each 64-bit lane: a product of two 32-bit words fits a lane, and
// stays exact. Integers only, so every copy gives the same bits.

#define WORDS (LANES / 2)
typedef uint64_t NAME(words) __attribute__((vector_size(8 * WORDS)));

static inline __attribute__((always_inline)) NAME(words) NAME(keep_bytes)(uint64_t key, uint64_t id, uint32_t step,
                                                                          NAME(words) block, uint32_t threshold) {
  const NAME(words) low = (NAME(words)){0} + 0xffffffff;
  NAME(words) x0 = (NAME(words)){0} + (id & 0xffffffff), x1 = (NAME(words)){0} + (id >> 32), x2 = (NAME(words)){0} + step,
              x3 = block & low;
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  _Pragma("unroll") for (int round = 0; round < 10; round++) {
    NAME(words) p0 = (x0 & low) * 0xD2511F53, p1 = (x2 & low) * 0xCD9E8D57;
    x0 = (p1 >> 32) ^ x1 ^ k0;
    x2 = (p0 >> 32) ^ x3 ^ k1;
    x1 = p1 & low;
    x3 = p0 & low;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  NAME(words) words[4] = {x0, x1, x2, x3}, bytes = (NAME(words)){0};
  // A draw d of 16 bits is kept when d - threshold does not borrow, that is when d + (2^16 - threshold) carries into bit 16.
  const uint64_t carry = 0x10000 - threshold;
  _Pragma("unroll") for (int w = 0; w < 4; w++) {
    bytes |= (((words[w] & 0xffff) + carry) >> 16) << (2 * w);
    bytes |= (((words[w] >> 16) + carry) >> 16) << (2 * w + 1);
  }
  return bytes;
}

static void NAME(dropout_bits)(uint64_t key, const int64_t *ids, size_t count, uint32_t step, uint32_t threshold, size_t width,
                               uint8_t *bits, size_t bits_stride) {
  size_t bytes = (width + 7) / 8;
  uint8_t past = (uint8_t)(width % 8 ? 0xff >> (8 - width % 8) : 0xff);
  NAME(words) lanes;
  for (int l = 0; l < WORDS; l++) lanes[l] = (uint64_t)l;
  for (size_t i = 0; i < count; i++) {
    uint8_t *row = bits + bits_stride * i;
    for (size_t b = 0; b < bytes; b += WORDS) {
      NAME(words) keep = NAME(keep_bytes)(key, (uint64_t)ids[i], step, lanes + b, threshold);
      for (size_t l = 0; l < WORDS && b + l < bytes; l++) row[b + l] = (uint8_t)keep[l];
    }
    if (bytes) row[bytes - 1] &= past;
  }
}

#undef WORDS
