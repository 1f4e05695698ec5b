#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# sightings_rows - an operator's whole rows by the API: the same road as files of `feed load`, packed in any way; whose
# they are, the key says; the list of bad rows is got back; guards stop, a white-list waits for a person; what is broken
# off or killed changes nothing, and the same once more does the rest; bombs and nonsense are refused, and said why.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IO::Compress::Gzip qw(gzip);
use IO::Compress::Zip qw(zip);
use List::Util qw(shuffle);
use Register;
use Test::More;
use Time::HiRes qw(time sleep);

use constant {MANY => 30_000, NOW => '2026-03-10T07:00:00Z'};
my $r = Register->new(now => NOW);
is $r->run('user', 'add', 'aigul')->{code}, 0, 'a register';
is $r->run('user', 'add', 'botan')->{code}, 0, 'with two officers';
sub key { my ($name, $scope) = @_; return ($r->run('--json', 'user', 'key', 'create', '--name', $name, '--scope', $scope // 'rows')->{out} =~ /"key": ?"(tamga_\w+)"/)[0] }
my $altel = key('Altel/day');
my $kcell = key('Kcell');
ok $altel && $kcell, 'keys of two operators';
my $other = key('Altel/lists', 'lists');
my $site = key('Altel/almaty', 'feed,sightings'); # of a node at a site
my $server = $r->serve;

sub post {
    my ($body, %with) = @_;
    my ($status, $said, $head) = Register::http($with{server} // $server, 'POST', '/api/v1/sightings',
        {Authorization => 'Bearer ' . ($with{key} // $altel), 'Content-Type' => $with{type} // 'text/csv', $with{coding} ? ('Content-Encoding' => $with{coding}) : ()}, $body);
    my $json = eval { json($said) } // {text => $said};
    return {%$json, status => $status, head => $head};
}
sub errors { my ($query, $key) = @_; return Register::http($server, 'GET', "/api/v1/sightings/errors$query", {Authorization => 'Bearer ' . ($key // $altel)}) }
sub blocks { return json($r->run('--json', 'journal', 'verify')->{out})->{blocks} }
sub list { return join ' ', $r->lists(@_) }
sub packed { my ($how, $text) = @_; my $out; $how->(\$text => \$out); return $out }
sub zstd { my ($text) = @_; system('zstd', '-q', '-f', $r->file('z', $text), '-o', $r->path('z.zst')) == 0 or die; return Register::slurp($r->path('z.zst')) }

# --- a day ---

my $header = 'MSISDN,Site,imei,DATE,rat,IMSI';
my @rows = map { sprintf '77010%06d,x,%s,2026-03-0%d,006,4010100000%05d', $_ % 70, imei($_), 1 + $_ % 3, $_ % 70 } 1 .. 300;
my $day = lines($header, @rows, '77010000001,x,' . imei(400) . ',20260301,006,250010000000001');
ok poll(5, sub { post('')->{status} == 400 }), 'an empty body is refused';
my $got = post($day);
is $got->{status}, 200, 'a day' or diag explain $got;
is join(' ', @$got{qw(operator rows home roaming unknown malformed pairs imeis first bad)}), 'Altel 301 300 1 0 0 301 300 300 0', 'its receipt';
is $got->{ignored}, 'Site', 'a column that is not known is named';
ok !$got->{known} && !defined $got->{errors}, 'nothing was set aside';
is list(imei(1), imei(400)), 'grey UNVERIFIED unknown NEVER_ACTIVATED', 'clocks run, but for a visitor';
like $r->run('journal', 'show', '--imei', imei(1))->{out}, qr/Altel.*api key [0-9a-f]{8}|api key [0-9a-f]{8}.*Altel/s, 'the journal names operator and key';
like $r->run('audit', 'show')->{out}, qr/rows_in/, 'and the audit log that rows came';
my $before = blocks();
my $shuffled = lines($header, shuffle(@rows), '77010000001,x,' . imei(400) . ',20260301,006,250010000000001');
ok post($day)->{known}, 'the same again';
ok post(packed(\&gzip, $shuffled), coding => 'gzip')->{known}, 'in another order, by gzip';
ok post(packed(\&gzip, $shuffled), type => 'application/gzip')->{known}, 'said in another way';
ok post(packed(\&zip, $shuffled), type => 'application/zip')->{known}, 'as ZIP';
ok post(zstd($shuffled), coding => 'zstd')->{known}, 'by zstd';
my @members = map { my @f = split /,/; sprintf '{"imsi":"%s","imei":"%s","msisdn":"%s","date":"%s","rat":"%s"}', @f[5, 2, 0, 3, 4] } split /\n/, $shuffled =~ s/\A.*\n//r;
ok post(lines(@members), type => 'application/x-ndjson')->{known}, 'as lines of JSON';
ok post(packed(\&gzip, lines(@members)), type => 'application/x-ndjson', coding => 'gzip')->{known}, 'which are packed';
is blocks(), $before, 'and nothing was written';
is $r->run('--json', 'feed', 'load', '--operator', 'Altel', $r->file('same.csv', $day))->{out} =~ /"known":true/, 1, 'a file of them is known as well';
ok !post($day, key => $kcell)->{known}, 'of another operator they are others';
my $stored = $r->stored;
ok index($stored, '401010000000001') < 0 && index($stored, '77010000001') < 0, 'no number stands in clear';

# --- a node's report is what it was ---

my $node = '{"imei":"' . imei(500) . '","time":"2026-03-10T06:59:00Z","network":"home"}';
is post(lines($node), type => 'application/x-ndjson')->{reason}, 'SCOPE', 'the key of rows brings none';
for my $how (['text/csv', $day], ['application/gzip', packed(\&gzip, $day)], ['application/x-ndjson', lines(@members)], ['application/x-ndjson', lines($members[0])]) {
    is join(' ', @{post($how->[1], type => $how->[0], key => $site)}{qw(status reason)}), '403 SCOPE', "a node's key brings no rows: $how->[0], " . length $how->[1];
}
$got = post(lines($node), type => 'application/x-ndjson', key => $site);
is join(' ', map { $got->{$_} // '-' } qw(taken known elsewhere refused_count)), '1 0 0 0', 'a first use by a node';
$got = post("\n" . lines(($node) x 9000), type => 'application/x-ndjson', key => $site);
is $got->{known}, 9000, 'thousands of them';
$got = post(lines(map { sprintf '{"date":"20260305","imei":"%s","imsi":"401010000%06d"}', imei(1000 + $_), $_ } 1 .. 3000), type => 'application/x-ndjson');
is $got->{first}, 3000, 'whole rows above the size of a small body';

# --- bad rows come back, all of them ---

my @bad = map { ",x,$_,2026-03-01,006,401010000000001" } '', '*', '0', '99999999999999', 'ab,cd';
$got = post(lines($header, @bad, @rows, @rows, ',x,' . imei(1) . ',2027-01-01,,401010000000001'));
is join(' ', @$got{qw(status bad malformed future)}), '200 6 5 1', 'a few bad rows';
is $got->{findings}[0]{count}, 1, 'what they are is counted';
like $got->{errors}, qr{^/api/v1/sightings/errors\?load=[0-9a-f]{16}$}, 'and where they stand is said';
my ($query) = $got->{errors} =~ /(\?.*)/;
my ($status, $text, $head) = errors($query);
is $status, 200, 'they are there';
like $head, qr{Content-Type: text/csv}i, 'as a table';
my @lines = split /\n/, $text;
is scalar @lines, 7, 'all of them';
is $lines[2], '3,3,IMEI_FORM,",x,*,2026-03-01,006,401010000000001"', 'with line, column, reason and row';
is +(errors(''))[1], $text, 'the last ones, when none is named';
is +(errors($query, $kcell))[0], 404, 'they are nobody else\'s';
is +(errors('?load=0000000000000000'))[0], 404, 'of a load that never was';
is +(errors('', $other))[0], 403, 'by a key for something else';
is +(errors($query, $site))[0], 403, 'nor by that of a node';
my @looks = $r->run('audit', 'show')->{out} =~ /rows_look/g;
is scalar @looks, 2, 'and who read them is written down';
my @part = Register::http($server, 'GET', "/api/v1/sightings/errors$query", {Authorization => "Bearer $altel", Range => 'bytes=5-11'});
is join(' ', @part[0, 1]), '206 column,', 'a part of it';

# --- a large list is read as it is sent, two at once ---

$got = post(lines($header, map { ",x,*,2026-03-01,006,401010000000001" . ' ' x 60_000 } 1 .. 400));
is $got->{status}, 409, '24 MB of bad rows: more than sockets hold';
sub reads { my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->{port}, Timeout => 10) or die; print $s "GET /api/v1/sightings/errors HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer $altel\r\n\r\n"; sysread $s, my $first, 9; return $s }
my @reading = (reads(), reads());
is +(errors(''))[0], 503, 'a third waits';
ok post($day)->{known}, 'nobody else waits for who reads slowly';
my $read = do { local $/; readline $reading[0] };
cmp_ok length $read, '>', 24_000_000, 'the list is whole';
close $_ for @reading;
ok poll(10, sub { (errors(''))[0] == 200 }), 'and there is a place again';

# --- guards, and what waits for a person ---

$before = blocks();
$got = post(lines($header, (@bad) x 100, map { s/,imei/,/r } map { sprintf ',x,%s,2026-03-02,006,401010000000001', imei(6000 + $_) } 1 .. 300));
is join(' ', @$got{qw(status reason)}), '409 GUARD', 'too many bad rows: a guard';
like $got->{rule}, qr/guard nulls/, 'which is named';
is $got->{receipt}{malformed}, 500, 'with counts';
is list(imei(6001)), 'unknown NEVER_ACTIVATED', 'nothing was taken';
is scalar(my @all = split /\n/, (errors(''))[1]), 501, 'and the list is there';
my $early = lines($header, map { sprintf ',x,%s,2025-03-01,006,401010000000001', imei(7000 + $_) } 1 .. 3);
$got = post($early);
is $got->{status}, 202, 'rows from before the duty wait' or diag explain $got;
ok $got->{proposal}, 'for an officer, by a proposal';
is post($early)->{proposal}, $got->{proposal}, 'the same again is the same proposal';
like $r->run('proposals')->{out}, qr/Altel by api key/, 'which says whose rows they are';
is list(imei(7001)), 'unknown NEVER_ACTIVATED', 'and until then they are not white';
is $r->run('--actor', 'botan', 'confirm', $got->{proposal})->{code}, 0, 'one confirms';
is list(imei(7001)), 'white AMNESTY', 'they are';
ok post($early)->{known}, 'and the rows are known';

# --- what is no such thing ---

sub refused { my ($want, $name, $body, %with) = @_; my $got = post($body, %with); is "$got->{status} $got->{reason}", $want, $name or diag explain $got; return $got }
my $whole = blocks();
my $gz = packed(\&gzip, $day);
refused('400 FILE_READ', 'a gzip that was cut off', substr($gz, 0, length($gz) - 20), coding => 'gzip');
refused('400 FILE_READ', 'a gzip with a wrong byte', substr($gz, 0, 400) . 'x' . substr($gz, 401), coding => 'gzip');
refused('400 FILE_READ', 'a zstd that was cut off', substr(zstd($day), 0, 300), coding => 'zstd');
refused('400 FILE_READ', 'a ZIP that was cut off', substr(packed(\&zip, $day), 0, 200), type => 'application/zip');
refused('415 MEDIA_TYPE', 'a type that is none', $day, type => 'application/pdf');
refused('415 MEDIA_TYPE', 'a coding that is none', $day, coding => 'br');
refused('400 FILE_HEADER', 'no header', lines(@rows));
refused('400 FILE_HEADER', 'a header without IMEIs', lines('date,imsi', '20260301,401010000000001'));
refused('400 FILE_EMPTY', 'a header alone', "$header\n");
refused('400 FILE_KIND', 'a picture', "\x89PNG\r\n\x1a\n" . 'x' x 500);
refused('401 KEY', 'no key', $day, key => 'x');
refused('403 SCOPE', 'a key for something else', $day, key => $other);
my $mb = 1 << 20;
refused('400 LINE_LONG', 'a gigabyte of one line', packed(\&gzip, "$header\n") . packed(\&gzip, 'x' x (16 * $mb)) x 64, coding => 'gzip');
refused('400 LINE_LONG', 'a gigabyte of zeros', packed(\&gzip, "\0" x (16 * $mb)) x 64, coding => 'gzip');
refused('400 FILE_EMPTY', 'blank lines without end', packed(\&gzip, "$header\n") . packed(\&gzip, "\n" x (16 * $mb)) x 8, coding => 'gzip');
$got = refused('400 ROWS_BAD', 'bad rows without end', packed(\&gzip, "$header\n") . packed(\&gzip, join '', map { 'x' x 1000 . "\n" } 1 .. 8192) x 64, coding => 'gzip');
like $got->{rule}, qr/128 MB of bad rows/, 'which is said';
$got = post(lines('{"date":"20260301","imei":"' . imei(1) . '","imsi":"' . ('4' x 100_000) . '"}'), type => 'application/x-ndjson');
isnt $got->{status}, 200, 'a line of JSON that is too long';
is blocks(), $whole, 'none of them changed anything';

# --- broken off ---

sub half {
    my ($n) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->{port}, Timeout => 10) or die;
    my $body = lines($header, map { sprintf ',x,%s,2026-03-03,006,401010000000001', imei(8000 + $_) } 1 .. $n);
    print $socket "POST /api/v1/sightings HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer $altel\r\nContent-Type: text/csv\r\nContent-Length: " . 2 * length($body) . "\r\n\r\n", $body;
    return $socket;
}
my @open = map { half(500) } 1, 2;
# The register may have read the third before the second: then the second is told, and one more takes its place.
ok poll(20, sub { return 1 if post($day)->{status} == 503; push @open, half(500); return 0 }), 'two uploads of an operator are open, a third is told to come again';
like post($day)->{head}, qr/Retry-After: \d+/, 'and when';
ok post($day, key => $kcell)->{known}, 'another operator has a place';
close $_ for @open;
ok poll(20, sub { post($day)->{known} }), 'they are broken off, and their places free';
is list(imei(8001)), 'unknown NEVER_ACTIVATED', 'nothing of them was taken';
is_deeply [grep { /rows/ } glob "$r->{dir}/.* $r->{dir}/*"], [grep { /rows/ } $r->path('x')], 'and no file is left';

# --- two at once, beside the server's other work; in chunks ---

my $many = lines('date,imei,imsi', map { sprintf '2026-03-0%d,%s,4010100000%05d', 1 + $_ % 3, imei($_, 35920500), $_ % 20_000 } 1 .. MANY);
sub chunked {
    my ($key, $body) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->{port}, Timeout => 10) or die;
    print $socket "POST /api/v1/sightings HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer $key\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (my $at = 0; $at < length $body; $at += 50_000) { my $piece = substr $body, $at, 50_000; printf $socket "%x\r\n%s\r\n", length $piece, $piece }
    print $socket "0\r\n\r\n";
    local $/;
    my $all = <$socket> // '';
    return json(($all =~ /\r\n\r\n(.*)/s)[0] // '{}');
}
my @pids = map {
    my $key = $_;
    my $pid = fork // die;
    if (!$pid) { my $said = chunked($key, $many); POSIX::_exit(($said->{rows} // 0) == MANY ? 0 : 1) }
    $pid;
} $altel, $kcell;
my $began = time;
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'a theft order';
my $took = time - $began;
cmp_ok $took, '<', 5, 'does not wait for them';
my $failed = 0;
for my $pid (@pids) { waitpid $pid, 0; $failed++ if $? }
is $failed, 0, 'two operators at once';
printf "# theft order: %.0f ms\n", 1000 * $took;
is $r->sql('SELECT sum(length(value)) FROM record WHERE ' . ($r->{database} ? "encode(substr(key, 1, 2), 'hex') = '3370'" : "substr(hex(key), 1, 4) = '3370'")) % 12, 0, 'pairs are whole';
Register::stop($server->{pid});
ok $r->whole, 'whole';

# --- killed in the middle ---

my $blank = Register->new(now => NOW);
is $blank->run('user', 'add', 'aigul')->{code}, 0, 'another register';
{ my $mine = $r; $r = $blank; $altel = key('Altel'); $r = $mine }
my @wrong;
my $expected;
for my $round (0 .. 4) {
    my $copy = $blank->copy_of;
    $server = $copy->serve;
    my $pid = fork // die;
    if (!$pid) { post($many); POSIX::_exit(0) }
    my $start = time;
    if ($round) { sleep $expected * $round / 5; Register::stop($server->{pid}, 'KILL'); $copy->disconnect if $copy->{database} }
    waitpid $pid, 0;
    $expected //= time - $start;
    $server = $copy->serve if $round;
    my $again = post($many);
    push @wrong, "round $round: $again->{status}" if $again->{status} != 200;
    push @wrong, "round $round: not known" if !post($many)->{known};
    Register::stop($server->{pid});
    push @wrong, "round $round: facts" if $copy->sql('SELECT count(*) FROM facts') != MANY;
    my $pairs = $copy->sql('SELECT sum(length(value)) FROM record WHERE ' . ($copy->{database} ? "encode(substr(key, 1, 2), 'hex') = '3370'" : "substr(hex(key), 1, 4) = '3370'"));
    push @wrong, "round $round: pairs" if $pairs != 12 * MANY;
    push @wrong, "round $round: not whole" if !$copy->whole;
}
is_deeply \@wrong, [], 'killed while it took rows, and sent again: nothing lost, nothing twice';

$server = $blank->serve('--answer-only');
ok poll(5, sub { post($day)->{status} }), 'a server that only answers';
is post($day)->{reason}, 'UNAVAILABLE', 'takes no rows';
Register::stop($server->{pid});
done_testing;
