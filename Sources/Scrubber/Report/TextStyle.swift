import IndexFormat

/// Colours of a terminal, or none.
struct TextStyle: Sendable {
  var isColoured: Bool

  func heading(_ text: String) -> String { wrap(text, "1") }

  func severity(_ severity: Severity, _ text: String) -> String {
    switch severity {
    case .error: wrap(text, "1;31")
    case .warning: wrap(text, "33")
    case .garbage: wrap(text, "36")
    case .info: wrap(text, "2")
    }
  }

  private func wrap(_ text: String, _ code: String) -> String {
    isColoured ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}
