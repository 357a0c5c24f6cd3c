/// A number of things, in words: `1 layer`, `2 layers`.
struct Count: CustomStringConvertible {
  let description: String

  init(_ count: Int, _ noun: String) { description = "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
