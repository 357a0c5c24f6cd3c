import CBuildInformation
import IndexFormat

@main
struct Scrubber {
  static func main() async {
    print(String(cString: scrubber_commit))
  }
}
