# SPDX-License-Identifier: Apache-2.0
#
# Bulk - what scripts share that send files of devices: rows, pieces, waiting until a file is checked.
package Bulk;
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Exporter qw(import);
use Register;

our @EXPORT = qw($header row);
our $header = 'imei1,imei2,imei3,imei4,brand,model,declaration_no,declaration_date,goods_item,country,invoice_no,invoice_date';

sub row {
    my (@imeis) = @_;
    return join ',', @imeis, ('') x (4 - @imeis), 'Samsung', 'Galaxy', 'KZ-1', '2025-12-01', 1, 'CN', 'INV-1', '2025-11-20';
}

# p: a Portal whose server runs; who: what it gave for a sign-in.
sub new { my ($class, $p, $who) = @_; return bless {p => $p, who => $who}, $class }

sub begin {
    my ($b, $bytes, %more) = @_;
    return $b->{p}->ask('POST', '/api/v1/uploads', {name => 'devices.csv', bytes => $bytes, %more}, $b->{who});
}

sub piece {
    my ($b, $id, $offset, $bytes) = @_;
    return $b->{p}->ask('PATCH', "/api/v1/uploads/$id", $bytes, $b->{who},
        'Content-Type' => 'application/offset+octet-stream', 'Upload-Offset' => $offset);
}

sub offset {
    my ($b, $id) = @_;
    my ($status, undef, $head) = $b->{p}->ask('HEAD', "/api/v1/uploads/$id", undef, $b->{who});
    return $head =~ /^Upload-Offset: (\d+)\r?$/mi ? $1 : "status $status";
}

sub finish { my ($b, $id, $sha) = @_; return $b->{p}->ask('POST', "/api/v1/uploads/$id/check", {sha256 => $sha}, $b->{who}) }
sub look { my ($b, $id) = @_; return ($b->{p}->ask('GET', "/api/v1/uploads/$id", undef, $b->{who}))[1] }
sub drop { my ($b, $id) = @_; return ($b->{p}->ask('DELETE', "/api/v1/uploads/$id", undef, $b->{who}))[0] }

sub settled {
    my ($b, $id, $seconds) = @_;
    my $last;
    Register::poll($seconds // 60, sub { $last = $b->look($id); return ($last->{state} // 'checking') !~ /receiving|checking/ });
    return $last;
}

# Sends a whole file and waits until it is checked.
sub send_whole {
    my ($b, $bytes) = @_;
    my ($began, $u) = $b->begin(length $bytes);
    die "begin: $began $u->{reason}" if $began != 201;
    for (my $at = 0; $at < length $bytes; $at += 8 << 20) {
        my ($status) = $b->piece($u->{id}, $at, substr $bytes, $at, 8 << 20);
        die "piece: $status" if $status != 200;
    }
    my ($status, $json) = $b->finish($u->{id}, sha256_hex($bytes));
    die "check: $status $json->{reason}" if $status != 202;
    return $b->settled($u->{id});
}

1;
