#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# node_keys - the key of an EIR node: what `node add` writes and prints, who may read it, what its scopes open and what
# they do not, its end; who made it is written down.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new;
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'a register';

# --- the file ---

my $file = $r->path('node.key');
my $made = $r->run('--actor', 'aigul', 'node', 'add', '--out', $file, 'Altel/almaty');
is $made->{code}, 0, 'made' or diag $made->{err};
is $made->{out}, '', 'nothing is printed';
unlike $made->{err}, qr/tamga_/, 'no key is told';
is sprintf('%o', (stat $file)[2] & 07777), '600', 'the file is its owner\'s alone';
my $text = slurp($file);
like $text, qr/\Aregister=[0-9a-f]{32}\npublic=[0-9a-f]{64}\nsubscriber=[0-9a-f]{64}\napi_key=tamga_[0-9a-f]{8}_[0-9a-f]{64}\n\z/, 'four lines';
my ($id) = $text =~ /tamga_([0-9a-f]{8})_/;
my $again = $r->run('node', 'add', '--out', $file, 'Altel/almaty');
is $again->{code}, 2, 'a file that stands is not written over';
is slurp($file), $text, 'it is as it was';
my @keys = map { json($_) } split /\n/, $r->run('--json', 'user', 'key', 'list')->{out};
is scalar @keys, 1, 'and no key was made for it';
is_deeply [@{$keys[0]}{qw(id name scopes kind state)}], [$id, 'Altel/almaty', 'feed,sightings', 'bearer', 'in force'], 'it is a key as others';
my $shown = $r->run('node', 'add', '--expires', '2099-12-31', 'Tele2');
my ($lines) = $shown->{out};
is $shown->{code}, 0, 'to standard output';
is join('', map { "$_\n" } (split /\n/, $lines)[0 .. 2]), join('', map { "$_\n" } (split /\n/, $text)[0 .. 2]), 'the register is the same';
isnt((split /\n/, $lines)[3], (split /\n/, $text)[3], 'the key another');
is $r->run('node', 'add')->{code}, 2, 'a name is wanted';
is $r->run('node', 'add', "two\nlines")->{code}, 2, 'a name of one line';
is $r->run('node', 'add', '--expires', '2001-01-01', 'old')->{code}, 2, 'a day that is past';
is $r->run('node', 'add', '--out', $r->path('nowhere/node.key'), 'x')->{code}, $again->{code}, 'no such directory';
is scalar(split /\n/, $r->run('user', 'key', 'list')->{out}), 2, 'no key without its file';
unlike $r->stored, qr/@{[$text =~ m{tamga_[0-9a-f]{8}_([0-9a-f]{64})}]}/, 'the key stands nowhere in the register';
like $r->sql('SELECT text FROM note ORDER BY 1'), qr/api key $id made: Altel\/almaty, bearer, feed,sightings/, 'a note of who made it' if !$r->{database};

# --- what it opens ---

my $server = $r->serve;
sub status {
    my ($text, $method, $path, $body) = @_;
    my ($key) = $text =~ /^api_key=(\S+)$/m;
    my ($status, $said) = Register::http($server, $method, $path,
        {Authorization => "Bearer $key", 'Content-Type' => $path =~ /sightings/ ? 'application/x-ndjson' : 'application/json'}, $body);
    return $status . ($status < 400 ? '' : ' ' . json($said)->{reason});
}

is status($text, 'GET', "/api/v1/$_"), '200', "it opens $_" for 'feed', 'snapshot';
is status($text, 'POST', '/api/v1/sightings', ''), '200', 'and sightings';
is status($text, 'GET', '/api/v1/check/' . imei(1)), '403 SCOPE', 'no checks';
is status($text, 'POST', '/api/v1/check', '{"imei":"' . imei(1) . '"}'), '403 SCOPE', 'neither many';
my %one;
for my $scope (qw(feed sightings check)) {
    $one{$scope} = 'api_key=' . json($r->run('--json', 'user', 'key', 'create', '--name', $scope, '--scope', $scope)->{out})->{key} . "\n";
}
ok poll(5, sub { status($one{check}, 'GET', '/api/v1/check/' . imei(1)) eq '200' }), 'keys of one scope';
is status($one{feed}, 'GET', '/api/v1/feed'), '200', 'feed opens the feed';
is status($one{feed}, 'POST', '/api/v1/sightings', ''), '403 SCOPE', 'no sightings';
is status($one{sightings}, 'GET', "/api/v1/$_"), '403 SCOPE', "sightings opens no $_" for 'feed', 'snapshot', 'tac-list/1';
is status($one{sightings}, 'POST', '/api/v1/sightings', ''), '200', 'but sightings';
is status($one{check}, 'POST', '/api/v1/sightings', ''), '403 SCOPE', 'checks open none';
is status('api_key=tamga_00000000_' . '0' x 64, 'POST', '/api/v1/sightings', 'x' x 100_000), '401 KEY', 'nobody sends a long one';
is $r->run('user', 'key', 'create', '--name', 'x', '--scope', 'feeds')->{code}, 2, 'no such scope';

# --- its end ---

is $r->run('--actor', 'aigul', 'user', 'key', 'revoke', $id)->{code}, 0, 'revoked';
ok poll(2, sub { status($text, 'GET', '/api/v1/feed') eq '401 KEY_REVOKED' }), 'and hears it within a second or two';
is status($text, 'POST', '/api/v1/sightings', ''), '401 KEY_REVOKED', 'in each of its doors';
Register::stop($server->{pid});
done_testing;
