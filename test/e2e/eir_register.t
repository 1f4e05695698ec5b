#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_register - a node whose register goes wrong: it does not know where its own snapshot stands, and a page of some
# proxy answers in its place. The node goes on answering, asks less and less often, and forgets no first use for a page.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Diameter;
use Eir;
use FreeDiameter;
use IO::Socket::INET;
use Register;
use Test::More;

my ($snapshot, $key) = Eir::snapshot();
my $r = Register->new;
my $dir = $r->dir;
my $asked = spew("$dir/asked", '');

# Answers one question a connection: the same snapshot always; the feed first with 503, then with 409; first uses with
# pages, of 200 and of 413, then as a register does.
my $listener = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1:0', ReuseAddr => 1) or die "listen: $!";
my $good = slurp($snapshot);
my $server = fork // die "fork: $!";
if (!$server) {
    my ($feeds, $reports) = (0, 0);
    while (my $c = $listener->accept) {
        my $head = '';
        while ($head !~ /\r\n\r\n/ && sysread $c, my $more, 4096) { $head .= $more }
        my ($what) = $head =~ m{^(?:GET|POST) /api/v1/(\w+(?:/segments)?)} or next;
        my ($bytes) = $head =~ /^Content-Length: (\d+)/mi;
        my ($sent) = $head =~ /\r\n\r\n(.*)\z/s;
        while ($bytes && length $sent < $bytes && sysread $c, my $more, 4096) { $sent .= $more }
        open my $log, '>>', $asked;
        print {$log} "$what\n";
        close $log;
        my $body = $what eq 'snapshot' ? $good : '{}';
        my $status = $what eq 'snapshot' ? '200 OK' : $what eq 'feed' && $feeds++ ? '409 Conflict' : '503 Service Unavailable';
        if ($what eq 'sightings') {
            ($status, $body) = ('200 OK', '<!DOCTYPE html><title>Sign in</title>') if !$reports;
            ($status, $body) = ('413 Request Entity Too Large', '<html>too large</html>') if $reports == 1;
            ($status, $body) = ('200 OK', sprintf '{"taken":%d,"known":0,"elsewhere":0,"refused_count":0,"refused":[]}', $sent =~ tr/\n//) if $reports > 1;
            $reports++;
        }
        my $answer = "HTTP/1.1 $status\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
        while (length $answer) {
            my $n = syswrite $c, $answer or last;
            substr $answer, 0, $n, '';
        }
        close $c;
    }
    POSIX::_exit(0);
}
END {
    my $code = $?;
    if ($server) { kill 'KILL', $server; waitpid $server, 0 }
    $? = $code;
}
sub count { my ($what) = @_; return scalar grep { $_ eq $what } split /\n/, slurp($asked) }

my $node = Eir::start(settings => {node => {key => $key, snapshot => '', registry => 'http://127.0.0.1:' . $listener->sockport, directory => "$dir/eir", threads => 1}});
my $mme = Diameter->new(port => $node->{s13});
is $mme->greet->{'Result-Code'}, 2001, 'a peer';
sub said { return Diameter::said($mme->ask(imei => substr(Eir::imei_of($_[0]), 0, 14))) }
is said('black'), 'black', 'it answers from the snapshot';
ok poll(10, sub { return count('snapshot') >= 2 }), 'the register does not know where it stands: it asks for another snapshot at once';
my $before = count('snapshot');
select undef, undef, undef, 7; # a time in which it is not to ask often
my $more = count('snapshot') - $before;
cmp_ok $more, '<=', 6, "what it got is not followed either: it asks less often ($more in 7 s)";
cmp_ok $more, '>=', 1, '... and goes on asking';
is said('black'), 'black', 'it answers as before';

# A first use is not forgotten for a page.
is Diameter::said($mme->ask(imei => substr(Eir::imei_of('unknown'), 0, 14), imsi => '401011111111111')), 'grey', 'a first use';
ok poll(30, sub { return count('sightings') >= 2 }), 'is told twice: pages answered';
ok poll(30, sub { return $node->metric('tamga_eir_sightings_sent_total') == 1 }), 'until the register has said what became of it' or diag $node->log_text;
is $node->metric('tamga_eir_sightings_refused_total') + 0, 0, 'none is given up';
is $node->metric('tamga_eir_reports_failed_total') + 0, 2, 'the pages are counted';
like $node->log_text, qr/level=alarm event=sightings count=1 status=200 /, 'and alarmed';
my ($status, $body) = Register::http({port => $node->{metrics}}, 'GET', '/metrics');
like $body, qr/^tamga_eir_feed_errors_total [1-9]/m, 'it is counted';
like $node->log_text, qr/level=alarm event=feed error=CHAIN/, 'and alarmed';
is $node->stop, 0, 'a clean end';

done_testing;
