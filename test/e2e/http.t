#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# http - the real `tamga serve` on a free port, by raw bytes: routes and languages, headers,
# refusals, bodies and addresses that no honest client sends, thousands of idle connections, and
# that it listens where it was told and nowhere else. The server must live through all of it.
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);
use IO::Socket::INET;
use IO::Select;
use Time::HiRes qw(time);

use constant {BODY => 65536, URI => 2048, IDLE => 5000};

# A process has 1,024 open files by default; this one holds more.
if (!$ENV{TAMGA_FILES}) {
    $ENV{TAMGA_FILES} = 1;
    exec 'sh', '-c', 'ulimit -n $(ulimit -Hn); exec "$0" "$@"', $^X, $0, @ARGV;
}

my $tamga = $ENV{TAMGA} // 'build/tamga';
-x $tamga or plan skip_all => "no $tamga";
my $dir = tempdir(CLEANUP => 1);
my @register = ('--register', "sqlite:$dir/tamga.db");
system("$tamga @register demo create >$dir/create 2>&1") == 0
  or BAIL_OUT('demo create: ' . slurp("$dir/create"));

my ($server, $port) = start();
END {
    my $code = $?;
    kill 'KILL', $server if $server;
    $? = $code;
}

sub slurp {
    my ($path) = @_;
    open my $f, '<', $path or return '';
    local $/;
    return scalar <$f>;
}

sub start {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', "$dir/out";
        open STDERR, '>', "$dir/err";
        exec $tamga, @register, 'serve', '--demo', '--listen', '127.0.0.1:0';
    }
    for (1 .. 600) {
        return ($pid, $1) if slurp("$dir/out") =~ m{http://127\.0\.0\.1:(\d+)/};
        last if waitpid($pid, 1) == $pid;
        select undef, undef, undef, 0.05;
    }
    BAIL_OUT('serve did not start: ' . slurp("$dir/err"));
}

sub dial {
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 10);
}

# Everything that comes until the other side closes, or n answers by their Content-Length.
sub drain {
    my ($socket, $answers) = @_;
    my ($all, $select, $end) = ('', IO::Select->new($socket), time + 20);
    while ((my $left = $end - time) > 0) {
        next unless $select->can_read($left);
        my $n = sysread $socket, $all, 1 << 16, length $all;
        last unless $n;
        my ($rest, $whole) = ($all, 0);
        while ($rest =~ s/\A(HTTP.*?\r\n\r\n)//s) {
            my ($length) = $1 =~ /^Content-Length: (\d+)/mi;
            last if !defined $length || length $rest < $length;
            substr $rest, 0, $length, '';
            $whole++;
        }
        last if $answers && $whole >= $answers;
    }
    return $all;
}

# Sends bytes as they are; the answer taken apart.
sub raw {
    my ($bytes, $answers) = @_;
    my $socket = dial() or return {status => 0, head => '', body => ''};
    local $SIG{PIPE} = 'IGNORE';
    for (my $at = 0; $at < length $bytes;) {
        my $n = syswrite $socket, $bytes, 1 << 16, $at;
        last unless $n;
        $at += $n;
    }
    my $all = drain($socket, $answers);
    my ($head, $body) = split /\r\n\r\n/, $all, 2;
    $head //= '';
    my ($status) = $head =~ m{\AHTTP/1\.1 (\d+)};
    return {status => $status // 0, head => $head, body => $body // '', all => $all};
}

sub request {
    my ($method, $target, $headers, $body) = @_;
    my $bytes = "$method $target HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";
    $bytes .= "$_: $headers->{$_}\r\n" for sort keys %{$headers // {}};
    $bytes .= 'Content-Length: ' . length($body) . "\r\n" if defined $body;
    return raw("$bytes\r\n" . ($body // ''));
}

my %form = ('Content-Type' => 'application/x-www-form-urlencoded');
my %json = ('Content-Type' => 'application/json');
my $good = '490154203237518';

# --- routes and languages ---

my %title = (kk => 'Сатып алмас бұрын құрылғыны тексеру', ru => 'Проверить устройство перед покупкой',
    en => 'Check a device before buying it');
for my $lang (qw(kk ru en)) {
    for my $way (["/check?lang=$lang", {}], ['/check', {'Accept-Language' => "$lang-KZ,xx;q=0.9"}]) {
        my $r = request('GET', $way->[0], $way->[1]);
        ok $r->{status} == 200 && index($r->{body}, $title{$lang}) >= 0, "$lang: $way->[0]";
        like $r->{head}, qr/^Content-Language: $lang\r?$/m, "$lang: named in the header";
    }
}
my $front = request('GET', '/');
ok index($front->{body}, $title{kk}) >= 0 && $front->{body} =~ m{<form class="check" method="post" action="/check"},
  '/ is the question, with a form that needs no script';
like $front->{head}, qr/^Content-Security-Policy: default-src 'none';.*script-src 'self' 'wasm-unsafe-eval'/m,
  'its script may run';
unlike request('GET', '/check')->{head}, qr/script-src/, 'on /check none may';
is request('GET', '/healthz')->{status}, 200, 'healthz';
like request('GET', '/healthz')->{body}, qr/"status":"ok","store":"ok"/, 'healthz: ok';
my ($style) = request('GET', '/check')->{body} =~ m{(/static/style\.\w+\.css)};
my $css = request('GET', $style);
ok $css->{status} == 200 && $css->{head} =~ /immutable/ && $css->{head} =~ m{text/css},
  'the style may be kept for ever';

# --- every sample answers as promised ---

for my $line (split /\n/, `$tamga @register demo list`) {
    my ($imei, $id, $list) = split ' ', $line;
    my $r = request('POST', '/check', \%form, "sample=$id");
    if ($list eq 'mistyped') {
        is $r->{status}, 400, "sample $id: a hint";
        next;
    }
    like $r->{body}, qr/<article class="answer $list"/, "sample $id: $list";
    next if $line =~ /with IMSI/;
    like request('GET', "/api/v1/check/$imei")->{body}, qr/"list":"$list"/, "sample $id: API";
}

# --- headers ---

for my $target ('/check', '/nothing', "/api/v1/check/$good", '/healthz') {
    my $head = request('GET', $target)->{head};
    my @missing = grep { $head !~ /^$_/mi } (
        q{Content-Security-Policy: default-src 'none'.*frame-ancestors 'none'},
        'Keep-Alive: timeout=10', 'Referrer-Policy: no-referrer', 'X-Content-Type-Options: nosniff',
        'Cache-Control: no-store', 'Content-Type: ',
    );
    is "@missing", '', "$target: headers";
}

# --- refusals ---

my $r = request('PUT', '/check', {}, '');
ok $r->{status} == 405 && $r->{head} =~ /^Allow: GET, HEAD, POST\r?$/m, 'wrong method';
$r = request('BREW', "/api/v1/check/$good");
ok $r->{status} == 405 && $r->{head} =~ m{application/problem\+json}, 'unknown method';
$r = request('HEAD', '/check');
ok $r->{status} == 200 && $r->{body} eq '', 'HEAD';
$r = request('GET', '/nothing', {'Accept-Language' => 'ru'});
ok $r->{status} == 404 && $r->{body} =~ /По этому адресу ничего нет/, 'a page for people';
like request('GET', '/api/nothing')->{body}, qr/"reason":"NOT_FOUND"/, 'a problem for programs';
is request('POST', '/check', {'Content-Type' => 'text/plain'}, 'imei=1')->{status}, 415, 'a form of another type';
is request('POST', '/check', \%form, "imei=$good%0A\xff")->{status}, 400, 'bad UTF-8 in a form';
is request('POST', '/api/v1/check', \%json, "{\"imei\":\"\xff\"}")->{status}, 400,
  'bad UTF-8 in JSON';
is request('GET', "/api/v1/check/\xd2\xff")->{status}, 400, 'bad UTF-8 in an address';

# --- tricks with addresses ---

for my $target (qw(//check /./check /static/../check /static/%2e%2e/check /static/%2e%2e%2fcheck
    /%63heck /check%00 /check/ /..%2f..%2fetc/passwd /static//etc/passwd)) {
    is request('GET', $target)->{status}, 404, $target;
}
is request('GET', "/api/v1/check/$_")->{status}, 400, "/api/v1/check/$_"
  for qw(%00 %zz % 123 %2f%2f);
is request('GET', '/check?' . 'a' x URI)->{status}, 414, 'an address too long';
my $long = request('GET', '/' . 'a' x 100000)->{status};
ok $long == 414 || $long == 0, "an address far too long ($long)";
my $wide = request('GET', '/check', {map { ("X-$_" => 'a' x 1000) } 1 .. 60})->{status};
ok $wide == 431 || $wide == 413 || $wide == 0, "headers far too long ($wide)";
for my $junk ("GET /check\0/ HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n" x 50, "\x16\x03\x01\x02\x00\x01",
    "GET\r\n\r\n", 'x' x 70000, "GET /check HTTP/9.9\r\n\r\n") {
    my $socket = dial();
    local $SIG{PIPE} = 'IGNORE';
    syswrite $socket, $junk;
    shutdown $socket, 1;
    my $answer = drain($socket);
    ok $answer eq '' || $answer =~ m{\AHTTP/1\.1 [45]\d\d|\AHTTP/1\.1 200},
      'bytes that are no request';
}

# --- bodies ---

is request('POST', '/check', \%form, 'imei=' . 'a' x (BODY - 5))->{status}, 400,
  'a body as long as allowed';
is request('POST', '/check', \%form, 'imei=' . 'a' x (BODY - 4))->{status}, 413,
  'one byte more';
is request('POST', '/check', \%form, 'a' x 9_000_000)->{status}, 413, 'far more is read to its end';
$r = raw("POST /check HTTP/1.1\r\nHost: a\r\nContent-Type: $form{'Content-Type'}\r\n"
      . "Content-Length: 5000000000\r\n\r\nimei=1");
is $r->{status}, 413, 'five gigabytes are refused before they come';
my $chunk = sprintf("%x\r\n%s\r\n", 8192, 'a' x 8192);
my $chunked = "POST /check HTTP/1.1\r\nHost: a\r\nContent-Type: $form{'Content-Type'}\r\n"
  . "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
is raw($chunked . $chunk x 9 . "0\r\n\r\n")->{status}, 413, 'chunks above the limit';
is raw($chunked . "5\r\nimei=\r\nf\r\n$good\r\n0\r\n\r\n")->{status}, 200, 'chunks below it';
is raw($chunked . $chunk x 400 . "0\r\n\r\n")->{status}, 413, 'chunks far above it';
is raw($chunked . $chunk x 2200)->{status}, 0, 'chunks without an end are cut off';
my $socket = dial();
syswrite $socket, "POST /check HTTP/1.1\r\nHost: a\r\nContent-Type: $form{'Content-Type'}\r\n"
  . "Content-Length: 20\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
sysread $socket, my $continue, 4096;
like $continue, qr{\AHTTP/1\.1 100}, 'Expect: 100-continue';
syswrite $socket, "imei=$good";
like drain($socket), qr/200 OK/, 'and its body';

# --- a connection is kept ---

my $two = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
my $kept = dial();
syswrite $kept, $two;
like drain($kept, 1), qr/\AHTTP.*"status"/s, 'first request of a connection';
syswrite $kept, $two;
like drain($kept, 1), qr/\AHTTP.*"status"/s, 'second request of the same';
is scalar(() = raw($two x 3, 3)->{all} =~ /HTTP\/1\.1 200/g), 3, 'three at once';

# --- thousands that say nothing ---

SKIP: {
    chomp(my $files = `sh -c 'ulimit -n'`);
    skip "only $files open files", 2 if $files ne 'unlimited' && $files < 2 * IDLE + 100;
    my @idle;
    for my $i (1 .. IDLE) {
        my $quiet = dial() or last;
        syswrite $quiet, "GET /check HTTP/1.1\r\nHost:" if $i % 3 == 0;
        push @idle, $quiet;
    }
    is scalar @idle, IDLE, IDLE . ' idle connections';
    my ($answered, $worst) = (0, 0);
    for (1 .. 200) {
        my $began = time;
        $answered++ if request('GET', "/api/v1/check/$good")->{status} == 200;
        my $took = time - $began;
        $worst = $took if $took > $worst;
    }
    is $answered, 200, 'others are answered meanwhile';
    note sprintf 'slowest %.1f ms', $worst * 1000;
}

# --- many at once ---

# Answers are sent from memory that is used again: each asker must get his own. All ask before anybody
# reads, some leave without reading.
{
    my ($own, $asked) = (0, 0);
    my @bodies = map { sprintf '35735007%06d', 1000 + $_ } 0 .. 39;
    for my $round (1 .. 10) {
        my @asks = map { [dial(), $_] } @bodies;
        for (@asks) {
            my ($socket, $body) = @$_;
            print $socket "GET /api/v1/check/$body HTTP/1.1\r\nHost: x\r\nUser-Agent: $round\r\n\r\n" x 3;
        }
        close $_->[0] for grep { rand() < 0.2 } @asks;
        for (grep { $_->[0]->opened } @asks) {
            my ($socket, $body) = @$_;
            my ($got, $answers) = ('', 0);
            while ($answers < 3 && sysread $socket, $got, 65536, length $got) {
                $answers = () = $got =~ /"checked_at":"[^"]*"\}/g;
            }
            $asked += 3;
            $own += () = $got =~ /"imei":"$body\d"/g;
        }
    }
    cmp_ok $asked, '>', 600, 'many asked at once';
    is $own, $asked, 'each got the answers to his own questions';
}

# --- where it listens ---

my @listening;
for my $table ('/proc/net/tcp', '/proc/net/tcp6') {
    for (split /\n/, slurp($table)) {
        my (undef, $local, undef, $state) = split ' ';
        next unless defined $state && $state eq '0A' && $local =~ /:([0-9A-F]{4})$/;
        push @listening, $local if hex $1 == $port;
    }
}
is "@listening", sprintf('0100007F:%04X', $port), 'it listens on 127.0.0.1 alone';

# --- and at the end ---

is request('GET', '/healthz')->{status}, 200, 'the server is alive';
unlike slurp("$dir/err") . slurp("$dir/out") =~ s/^  .*$//gmr, qr/$good/, 'no IMEI in its logs';
kill 'TERM', $server;
is waitpid($server, 0), $server, 'it stops when asked';
is $?, 0, 'cleanly';
undef $server;
done_testing;
