/// Finds what someone probably meant to write.
enum NearestName {
  /// Longer words are not compared: nobody mistypes a name into this.
  private static let maximumLength = 64

  /// The candidate with the fewest edits, if that is few for its length, or the only one that begins with
  /// `word`.
  static func find(_ word: String, among candidates: [String]) -> String? {
    guard !word.isEmpty, word.utf8.count <= maximumLength else { return nil }
    let completions = candidates.filter { $0.hasPrefix(word) }
    if completions.count == 1 { return completions.first }
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let distance = distance(word, candidate)
      let allowed = max(1, min(word.utf8.count, candidate.utf8.count) / 3)
      if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// How many bytes must be inserted, removed, replaced or swapped with their neighbour to make `right` of
  /// `left`.
  static func distance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for i in 0..<left.count {
      var current = [i + 1]
      for j in 0..<right.count {
        let replaced = previous[j] + (left[i] == right[j] ? 0 : 1)
        var cost = min(previous[j + 1] + 1, current[j] + 1, replaced)
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          cost = min(cost, beforePrevious[j - 1] + 1)
        }
        current.append(cost)
      }
      beforePrevious = previous
      previous = current
    }
    return previous[right.count]
  }
}
