# A server that stores the bytes of each request, for requests.sh. It handles one connection at a
# time, with one request, and its response is always the same.
#
#   perl recorder.pl ADDRESS PORT DIRECTORY      the requests are in DIRECTORY/1, 2, ...
use strict;
use warnings;
use IO::Socket::INET;

my ($address, $port, $directory) = @ARGV;
my $listener = IO::Socket::INET->new(
    LocalAddr => $address, LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "$@\n";

for (my $number = 1; my $peer = $listener->accept; ) {
    my ($bytes, $missing) = ('', 1);
    while ($missing > 0 && sysread $peer, $bytes, 65536, length $bytes) {
        my $head = index $bytes, "\r\n\r\n";
        next if $head < 0;
        my ($content) = substr($bytes, 0, $head + 2) =~ /\r\ncontent-length:\s*(\d+)\r\n/i;
        $missing = $head + 4 + ($content // 0) - length $bytes;
    }
    next if $bytes eq ''; # the test checked whether the server listens
    open my $to, '>:raw', "$directory/$number" or die "$directory/$number: $!\n";
    print $to $bytes;
    close $to;
    $number++;
    syswrite $peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
}
