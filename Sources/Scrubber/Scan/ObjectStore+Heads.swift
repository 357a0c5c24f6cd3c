import Synchronization

extension ObjectStore {
  /// Asks for objects by name, `atOnce` at the same time.
  ///
  /// - Returns: An answer for each key, in their order; nil where the task was cancelled before it could be asked.
  func heads(of keys: [String], atOnce: Int) async -> [Result<ObjectMetadata?, StoreError>?] {
    let answers = Mutex([Result<ObjectMetadata?, StoreError>?](repeating: nil, count: keys.count))
    await Workers.run(count: keys.count, jobs: atOnce) { number in
      let answer: Result<ObjectMetadata?, StoreError>
      do throws(StoreError) {
        answer = .success(try await head(keys[number]))
      } catch {
        answer = .failure(error)
      }
      answers.withLock { $0[number] = answer }
      return true
    }
    return answers.withLock { $0 }
  }
}
