/// The names of a folder's files and folders, in one buffer, in the order that they have in keys.
///
/// A folder's name ends in `/`, as it does in keys, and so sorts among the others as the keys below it do.
/// Each name has a NUL behind it: a file's can be given to the system as it is.
struct FolderNames {
  struct Name {
    /// Where the name begins in the buffer.
    var offset: Int
    /// Bytes, with the `/` of a folder. The system's names have at most 255, or 1,020 on some file systems.
    var length: Int32
    var isFolder: Bool
    /// Eight bytes of the name as a number, while sorting.
    fileprivate var word: UInt64 = 0
  }

  private(set) var bytes: [UInt8] = []
  private(set) var names: [Name] = []

  var count: Int { names.count }

  /// Adds a name if `isWanted` says so, after its `/`.
  mutating func append(
    _ name: UnsafeBufferPointer<UInt8>,
    isFolder: Bool,
    if isWanted: (ArraySlice<UInt8>) -> Bool
  ) {
    let start = bytes.count
    bytes.append(contentsOf: name)
    if isFolder { bytes.append(UInt8(ascii: "/")) }
    guard isWanted(bytes[start...]), let length = Int32(exactly: bytes.count - start) else {
      bytes.removeLast(bytes.count - start)
      return
    }
    names.append(Name(offset: start, length: length, isFolder: isFolder))
    bytes.append(0)
  }
}

extension FolderNames {
  /// Puts the names in the order of their bytes.
  ///
  /// Layer names agree in long stretches, so that comparing whole names spends most of its time on bytes that
  /// are known to be equal. Instead, the names are sorted by eight bytes at a time, read as one number; where
  /// those are equal, by the next eight. A stretch that all names share costs one look at each.
  mutating func sort() {
    bytes.append(contentsOf: repeatElement(0, count: Self.wordByteCount))
    names.withUnsafeMutableBufferPointer { names in
      bytes.withUnsafeBytes { bytes in
        Self.sort(names, by: bytes)
      }
    }
    bytes.removeLast(Self.wordByteCount)
  }

  private static let wordByteCount = 8

  private static func sort(_ names: UnsafeMutableBufferPointer<Name>, by bytes: UnsafeRawBufferPointer) {
    // Names that agree in the bytes before `depth`. A list, as a recursion could be as deep as names are
    // long.
    var groups: [(range: Range<Int>, depth: Int)] = [(0..<names.count, 0)]
    while let (range, depth) = groups.popLast() {
      guard range.count > 1 else { continue }
      let group = UnsafeMutableBufferPointer(rebasing: names[range])
      guard let depth = sortByWord(group, from: depth, bytes) else { continue }
      var start = range.lowerBound
      while start < range.upperBound {
        let word = names[start].word
        var end = start + 1
        while end < range.upperBound, names[end].word == word { end += 1 }
        // A NUL at a word's end is behind the name's end: what is equal here is equal altogether.
        if end - start > 1, word & 0xFF != 0 { groups.append((start..<end, depth + wordByteCount)) }
        start = end
      }
    }
  }

  /// Sorts names by the first word in which they differ, and tells where it is; nil if they are equal.
  private static func sortByWord(
    _ names: UnsafeMutableBufferPointer<Name>,
    from depth: Int,
    _ bytes: UnsafeRawBufferPointer
  ) -> Int? {
    var depth = depth
    while true {
      var areEqual = true
      let first = word(of: names[0], at: depth, bytes)
      for index in names.indices {
        let word = word(of: names[index], at: depth, bytes)
        names[index].word = word
        if word != first { areEqual = false }
      }
      if !areEqual { break }
      if first & 0xFF == 0 { return nil }
      depth += wordByteCount
    }
    var sorted = names
    sorted.sort { $0.word < $1.word }
    return depth
  }

  /// The bytes of a name from `depth` on as a number, the first byte the highest, with NULs behind the name's
  /// end.
  private static func word(of name: Name, at depth: Int, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let rest = Int(name.length) - depth
    if rest <= 0 { return 0 }
    let word = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: name.offset + depth, as: UInt64.self))
    return rest >= wordByteCount ? word : word & ~(UInt64.max >> (rest * 8))
  }
}
