#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# api_keys - keys of programs from the shell to the door: made once, used at once by a running server,
# refused when wrong, expired or revoked; batches of a thousand; no key in the register's file or in
# what the server writes; a register of version 1 is raised with its data.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;
use Time::HiRes qw(time);

my $r = Register->new(now => '2026-03-01T07:00:00Z');
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'a register';
my $server = $r->serve;

sub key {
    my (@words) = @_;
    my $got = $r->run('--json', '--actor', 'aigul', 'user', 'key', 'create', @words);
    is $got->{code}, 0, "made: @words" or diag $got->{err};
    return json($got->{out});
}

sub ask {
    my ($key, $body, %more) = @_;
    my %headers = ('Content-Type' => 'application/json', %more);
    $headers{Authorization} = "Bearer $key" if defined $key;
    my ($status, $text) = Register::http($server, 'POST', '/api/v1/check', \%headers, $body);
    return ($status, $text);
}

sub batch { return '{"imei":[' . join(',', map { '"' . imei($_) . '"' } 1 .. $_[0]) . ']}' }
sub reason { my (undef, $text) = @_; return json($text)->{reason} // '-' }

my $shop = key('--name', 'Базар', '--scope', 'check.batch', '--expires', '2026-03-31');
like $shop->{key}, qr/\Atamga_[0-9a-f]{8}_[0-9a-f]{64}\z/, 'the key';
is $shop->{state}, 'in force', 'in force';
my $began = time;
ok poll(5, sub { (ask($shop->{key}, batch(1)))[0] == 200 }), 'a running server takes it';
cmp_ok time - $began, '<=', 1, 'within a second';
my ($status, $text) = ask($shop->{key}, batch(1000));
is $status, 200, 'a thousand at once';
my @answers = @{json($text)->{answers}};
is scalar @answers, 1000, 'a thousand answers';
is join(',', map { $_->{imei} } @answers[0, 1, 999]), join(',', imei(1), imei(2), imei(1000)), 'in their order';
is join(',', map { $_->{list} } @answers[0, 1]), 'black,unknown', 'the right ones';
is_deeply $answers[0], do {
    my $one = json((Register::http($server, 'GET', '/api/v1/check/' . imei(1)))[1]);
    $one->{$_} = $answers[0]{$_} for qw(checked_at check_number);
    $one;
}, 'the same as one by one';
is +(ask($shop->{key}, batch(1001)))[0], 413, 'one more is too many';
is +(ask(undef, batch(101)))[0], 413, 'without a key a hundred are the most';
is +(ask(undef, batch(100)))[0], 200, 'and pass';
my $small = key('--name', 'app', '--scope', 'check');
ok poll(2, sub { (ask($small->{key}, batch(1)))[0] == 200 }), 'another key';
is +(ask($small->{key}, batch(101)))[0], 413, 'its scope is no batch';

# --- refused ---

for my $wrong ('x', 'tamga_00000000_' . '0' x 64, substr($shop->{key}, 0, -1) . ($shop->{key} =~ /0\z/ ? 1 : 0)) {
    ($status, $text) = ask($wrong, batch(1), 'Accept-Language' => 'ru');
    is "$status " . reason($status, $text), '401 KEY', 'a wrong key';
    like $text, qr/Ключ API не опознан/, 'said in the language of the asker';
}
is $r->run('--actor', 'aigul', 'user', 'key', 'revoke', $small->{id})->{code}, 0, 'revoked';
$began = time;
ok poll(5, sub { (ask($small->{key}, batch(1)))[0] == 401 }), 'the server hears of it';
cmp_ok time - $began, '<=', 1, 'within a second';
is reason(ask($small->{key}, batch(1))), 'KEY_REVOKED', 'and says why';
is $r->run('user', 'key', 'revoke', '00000000')->{code}, 2, 'an id that no key has';
my $later = Register->new(dir => $r->dir, now => '2026-04-01T07:00:00Z')->serve;
($server, $later) = ($later, $server);
($status, $text) = ask($shop->{key}, batch(1));
($server, $later) = ($later, $server);
is "$status " . reason($status, $text), '401 KEY_EXPIRED', 'after its last day';
Register::stop($later->{pid});

# --- the list, the notes, the files ---

my @list = map { json($_) } split /\n/, $r->run('--json', 'user', 'key', 'list')->{out};
is scalar @list, 2, 'both are listed';
is scalar(grep { exists $_->{key} } @list), 0, 'without their secrets';
my @notes = split /\n/, $r->sql("SELECT text FROM note WHERE text LIKE 'api key%' ORDER BY id");
is scalar @notes, 3, 'each act left a note';
like $notes[2], qr/\Aapi key $small->{id} revoked: app, bearer, check, through /, 'which tells what and whose';
isnt $r->sql("SELECT min(actor) FROM note WHERE text LIKE 'api key%'"), '0', 'and by whom';
for my $file (glob($r->dir . '/tamga.db*'), map { $r->path($_) } 'serve.out', 'serve.err') {
    my $secret = substr $shop->{key}, -64;
    my $all = slurp($file);
    ok index($all, $secret) < 0 && index($all, pack 'H*', $secret) < 0, 'no key in ' . ($file =~ s{.*/}{}r);
}

# --- usage, and a register of version 1 ---

for (['--name', 'x'], ['--scope', 'check'], ['--name', 'x', '--scope', 'all'], ['--name', 'x', '--scope', 'check', '--expires', '2026-02-01'],
    ['--name', 'x', '--scope', 'check', '--certificate', 'short']) {
    is $r->run('user', 'key', 'create', @$_)->{code}, 2, "refused: @$_";
}
$r->sql('DROP TABLE api_key; ALTER TABLE journal_head DROP COLUMN moving; ALTER TABLE journal_head DROP COLUMN rebuilt; DROP TABLE record; PRAGMA user_version = 1');
is $r->run('check', imei(1))->{code}, 4, 'a reader does not raise a register of version 1';
Register::stop($server->{pid});
is key('--name', 'new', '--scope', 'check')->{name}, 'new', 'a writer does';
is_deeply [$r->lists(imei(1))], ['black STOLEN'], 'with its data';
ok $r->whole, 'whole';
done_testing;
