#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# operator - an operator's address for notices that behaves as it is told: operator.pl LOG MODE. Prints its port. LOG gets a
# line of JSON a request: key, authorization, ids. MODE is a file that is read at each request: a status (200, 503, 400, 401 …),
# "hang" (no answer), "twice" (an answer, and the same once more), "cut" (half an answer), "bad IMSI" (422 that
# refuses notices to him by their ids, while there are any, else 200), "blunt IMSI" (the same without naming any). Ends when its standard input does.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();

my ($log, $mode_file) = @ARGV;
my $door = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die $!;
$| = 1;
print $door->sockport, "\n";

sub mode { open my $f, '<', $mode_file or return '200'; my $text = <$f> // '200'; chomp $text; return $text }

sub note {
    my ($head, $body) = @_;
    my $told = eval { JSON::PP->new->utf8->decode($body) } // {};
    open my $f, '>>', $log or die $!;
    print $f JSON::PP->new->utf8->canonical->encode({
        key => $head =~ /^Idempotency-Key: (.*?)\r$/mi ? "$1" : undef,
        authorization => $head =~ /^Authorization: (.*?)\r$/mi ? "$1" : undef,
        operator => $told->{operator}, ids => [map { $_->{id} } @{$told->{notices} // []}],
        imsis => [map { $_->{imsi} } @{$told->{notices} // []}], first => $told->{notices}[0]}), "\n";
    close $f;
}

my @hanging;
my $see = IO::Select->new($door, \*STDIN);
while (1) {
    my ($ready) = $see->can_read;
    last if $ready != $door;
    my $c = $door->accept or next;
    my $text = '';
    while ($text !~ /\r\n\r\n/) { sysread $c, $text, 65536, length $text or last }
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    next if !defined $body; # whoever was killed
    syswrite $c, "HTTP/1.1 100 Continue\r\n\r\n" if ($head // '') =~ /^Expect: 100/mi;
    my ($size) = ($head // '') =~ /^Content-Length: (\d+)/mi;
    while (length $body < ($size // 0)) { sysread $c, $body, 65536, length $body or last }
    note($head, $body);
    my $mode = mode();
    if ($mode eq 'hang') { push @hanging, $c; next }
    my $status = $mode =~ /^\d+$/ ? $mode : 200;
    my $said = '{}';
    if ($mode =~ /^(bad|blunt) (.*)/ && index($body, $2) >= 0) {
        my $told = JSON::PP->new->utf8->decode($body);
        my @named = map { {id => $_->{id}, reason => 'no such subscriber'} } grep { $_->{imsi} eq $2 } @{$told->{notices}};
        $status = 422;
        $said = JSON::PP->new->utf8->encode({refused => \@named}) if $1 eq 'bad';
    }
    my $answer = "HTTP/1.1 $status Said\r\nContent-Length: " . length($said) . "\r\nConnection: close\r\n\r\n$said";
    syswrite $c, $mode eq 'cut' ? substr($answer, 0, 12) : $mode eq 'twice' ? $answer x 2 : $answer;
    close $c;
}
