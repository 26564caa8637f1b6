# A server that handles one request at a time, each in MS milliseconds, for knee.sh:
#
#   perl one_at_a_time.pl ADDRESS:PORT MS
#
# Its capacity is 1000 / MS requests a second, for any number of connections. When a client closes a
# connection, the requests that were received on it are handled nevertheless.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes 'sleep';

my ($at, $ms) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => $at, Listen => 1024, ReuseAddr => 1)
    or die "$at: $!";
my $readable = IO::Select->new($listener);
my %received;
$SIG{PIPE} = 'IGNORE';
while (1) {
    for my $socket ($readable->can_read) {
        if ($socket == $listener) {
            my $client = $listener->accept;
            $readable->add($client) if $client;
            next;
        }
        my $count = sysread $socket, $received{$socket}, 65536, length($received{$socket} // '');
        unless ($count) {
            $readable->remove($socket);
            delete $received{$socket};
            close $socket;
            next;
        }
        while ($received{$socket} =~ s/^.*?\r\n\r\n//s) {
            sleep $ms / 1000;
            syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        }
    }
}
