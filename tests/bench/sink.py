"""A mail server that takes everything and keeps nothing: `python -m tests.bench.sink PORT`."""

import socketserver
import sys


class Line(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        """Answer as shortly as the protocol allows."""
        self.wfile.write(b"220 sink\r\n")
        while words := self.rfile.readline().strip().upper():
            if words.startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
            elif words.startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 sink\r\n")


class Sink(socketserver.ThreadingTCPServer):
    """On loopback."""

    allow_reuse_address = daemon_threads = True


if __name__ == "__main__":
    Sink(("127.0.0.1", int(sys.argv[1])), Line).serve_forever()
