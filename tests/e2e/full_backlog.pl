# A server with a full backlog, so that the kernel drops the SYNs of new connections; for
# bench_figures.sh. After SIGUSR1 it accepts connections, and responds to each request.
#
#   perl full_backlog.pl ADDRESS PORT      prints "full" when the backlog is full
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($address, $port) = @ARGV;
my ($accepting, @fill) = 0;
$SIG{USR1} = sub { $accepting = 1 };
my $listener = IO::Socket::INET->new(
    LocalAddr => $address, LocalPort => $port, Listen => 1, ReuseAddr => 1) or die "$@\n";
while (my $one = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port, Timeout => 0.3)) {
    push @fill, $one;
}
$| = 1;
print "full\n";
select undef, undef, undef, 0.01 until $accepting;

my $ready = IO::Select->new($listener);
my %head;
for (;;) {
    for my $one ($ready->can_read) {
        if ($one == $listener) {
            $ready->add(scalar $listener->accept);
        } elsif (!sysread $one, $head{$one}, 65536, length($head{$one} //= '')) {
            delete $head{$one};
            $ready->remove($one);
            close $one;
        } else {
            syswrite $one, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                while $head{$one} =~ s/^.*?\r\n\r\n//s;
        }
    }
}
