import Dispatch
import Glibc
import Worker

/// Turns SIGTERM and SIGINT into the stop signal: the first drains, the second leaves at once.
final class Signals {
    private var sources: [any DispatchSourceSignal] = []

    init(raising stop: StopSignal) {
        // Whoever started us may have blocked them.
        var all = sigset_t()
        sigemptyset(&all)
        sigaddset(&all, SIGTERM)
        sigaddset(&all, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &all, nil)
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { stop.raiseFurther() }
            source.resume()
            sources.append(source)
        }
    }
}
