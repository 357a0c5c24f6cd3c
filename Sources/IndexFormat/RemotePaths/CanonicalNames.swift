// What only reads names as they are written: keys of objects are made from values, never searched for.

extension TenantShardID {
  /// Reads only what `description` writes: lower-case digits, no suffix for count 0.
  init?(canonical bytes: RawSpan) {
    guard let shard = TenantShardID(text: bytes), !bytes.hasUpperCase(upTo: bytes.byteCount),
      bytes.byteCount == 32 || shard.shard.count != 0
    else { return nil }
    self = shard
  }
}

extension Generation {
  /// Reads only what `keySuffix` writes behind its `-`: eight lower-case digits.
  init?(canonicalSuffix bytes: RawSpan) {
    guard bytes.byteCount == 8, !bytes.hasUpperCase(upTo: 8) else { return nil }
    self.init(suffix: bytes)
  }
}
