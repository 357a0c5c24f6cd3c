import IndexFormat

@main
struct Benchmarks {
  static func main() { }
}
