# A server that works on one request at a time, each for so many milliseconds: one_at_a_time.pl ADDRESS:PORT MS.
# What it can do is known: 1000 / MS a second, whatever the number of connections. A connection that has gone
# does not take its requests along: they are worked off, as a server does whose work has begun.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes 'sleep';

my ($at, $ms) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => $at, Listen => 1024, ReuseAddr => 1) or die "$at: $!";
my $readable = IO::Select->new($listener);
my %heard;
$SIG{PIPE} = 'IGNORE';
while (1) {
    for my $socket ($readable->can_read) {
        if ($socket == $listener) {
            my $client = $listener->accept;
            $readable->add($client) if $client;
            next;
        }
        my $count = sysread $socket, $heard{$socket}, 65536, length($heard{$socket} // '');
        unless ($count) {
            $readable->remove($socket);
            delete $heard{$socket};
            close $socket;
            next;
        }
        while ($heard{$socket} =~ s/^.*?\r\n\r\n//s) {
            sleep $ms / 1000;
            syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        }
    }
}
