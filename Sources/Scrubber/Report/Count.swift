/// A number of things, in words: `1 layer`, `2 layers`.
struct Count: CustomStringConvertible {
  let description: String

  init(_ count: Int, _ noun: String) { description = "\(count) \(noun)\(count == 1 ? "" : "s")" }

  /// For a noun whose plural takes more than an `s`.
  init(_ count: Int, _ noun: String, _ plural: String) {
    description = "\(count) \(count == 1 ? noun : plural)"
  }
}
