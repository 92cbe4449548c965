/// What a handler throws at a request from the future: the server keeps the request, and asks again after `Server.wakeUp()`.
public struct NotYet: Error {
  public init() {}
}
