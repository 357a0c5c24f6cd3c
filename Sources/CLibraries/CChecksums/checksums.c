// CRC-32C by the instructions that x86-64 has for it, which Swift cannot name.

#include "checksums.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

// The instruction takes three cycles but another one can begin in each: three stretches of a length side by side. The
// long ones are for images of pages, the short ones for what is left, and for records of some hundred bytes.
#define LONG 512
#define SHORT 64
// x^(8 * n - 33) modulo the polynomial, bits reflected, for n zero bytes that a state passes over: see `pass`.
#define LONG_ONCE 0xdd7e3b0c
#define LONG_TWICE 0x170076fa
#define SHORT_ONCE 0x9e4addf8
#define SHORT_TWICE 0x0d3b6092

#define FAST __attribute__((target("sse4.2,pclmul")))

bool checksums_has_crc32c(void) {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

// The state after as many zero bytes as the factor stands for. The product of two reflected polynomials has its bits
// one place too low, and the instruction multiplies by another x^32 while it reduces: 33 in all.
FAST static inline uint64_t pass(uint64_t state, uint32_t factor) {
  __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)state), _mm_cvtsi64_si128(factor), 0);
  return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

static inline uint64_t word(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

FAST static inline uint64_t three_stretches(
    uint64_t state, const uint8_t *bytes, size_t length, uint32_t once, uint32_t twice) {
  uint64_t second = 0, third = 0;
  for (size_t offset = 0; offset < length; offset += 8) {
    state = _mm_crc32_u64(state, word(bytes + offset));
    second = _mm_crc32_u64(second, word(bytes + length + offset));
    third = _mm_crc32_u64(third, word(bytes + 2 * length + offset));
  }
  return pass(state, twice) ^ pass(second, once) ^ third;
}

FAST static inline uint32_t update(uint32_t state, const uint8_t *bytes, size_t count) {
  uint64_t wide = state;
  for (; count >= 3 * LONG; bytes += 3 * LONG, count -= 3 * LONG)
    wide = three_stretches(wide, bytes, LONG, LONG_ONCE, LONG_TWICE);
  for (; count >= 3 * SHORT; bytes += 3 * SHORT, count -= 3 * SHORT)
    wide = three_stretches(wide, bytes, SHORT, SHORT_ONCE, SHORT_TWICE);
  for (; count >= 8; bytes += 8, count -= 8) wide = _mm_crc32_u64(wide, word(bytes));
  uint32_t last = (uint32_t)wide;
  if (count & 4) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    last = _mm_crc32_u32(last, value);
    bytes += 4;
  }
  if (count & 2) {
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    last = _mm_crc32_u16(last, value);
    bytes += 2;
  }
  return count & 1 ? _mm_crc32_u8(last, *bytes) : last;
}

FAST uint32_t checksums_crc32c_swapped(const void *start, size_t head, size_t skipped, size_t count) {
  const uint8_t *bytes = start;
  uint32_t state = update(UINT32_MAX, bytes + head + skipped, count - head - skipped);
  return ~update(state, bytes, head);
}

#else

bool checksums_has_crc32c(void) {
  return false;
}

uint32_t checksums_crc32c_swapped(const void *start, size_t head, size_t skipped, size_t count) {
  (void)start;
  (void)head;
  (void)skipped;
  (void)count;
  return 0;
}

#endif
