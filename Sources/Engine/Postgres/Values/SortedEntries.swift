/// What all directories share: entries in ascending order, each once.
extension Array {
  /// The elements in ascending order. Of those that are equal the last one stays; says how many were dropped.
  func sortedByLast(_ precedes: (Element, Element) -> Bool) -> (unique: [Element], repeated: Int) {
    var isAscending = true
    for index in indices.dropFirst() where !precedes(self[index - 1], self[index]) {
      isAscending = false
      break
    }
    if isAscending { return (self, 0) }
    // The library's sort keeps the order of equal elements, but does not promise to.
    let sorted = enumerated().sorted { left, right in
      if precedes(left.element, right.element) { return true }
      return !precedes(right.element, left.element) && left.offset < right.offset
    }
    var unique: [Element] = []
    unique.reserveCapacity(count)
    for (_, element) in sorted {
      if let last = unique.last, !precedes(last, element) { unique.removeLast() }
      unique.append(element)
    }
    return (unique, count - unique.count)
  }

  /// Where the first element stands of which `isBehind` is true, if it is true of all behind it.
  func firstPosition(where isBehind: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
