"""What every test relies on."""

import signal

# A shell starts background commands with SIGINT ignored, and children inherit that; the tests end
# processes as Ctrl-C does, so they must not depend on how they were started themselves.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
