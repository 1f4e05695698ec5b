#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# metrics - GET /metrics of a real `tamga serve`: every line by the grammar of Prometheus' text format,
# every family declared once before its samples, no series twice, histograms that add up, counters
# that tell what was really asked; and who may not read it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-01T07:00:00Z');
is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '1', imei(1))->{code}, 0, 'a register';
my %json = ('Content-Type' => 'application/json');

# The samples by series, "name{labels}"; anything that is not the format is a failed test.
sub metrics {
    my ($text) = @_;
    my (%type, %help, %sample, %closed, $family);
    my @wrong;
    push @wrong, 'no line end at the end' unless $text =~ /\n\z/;
    for my $line (split /\n/, $text) {
        if ($line =~ /\A# HELP ([a-z_:][a-z0-9_:]*) (\S.*)\z/) {
            push @wrong, "twice: $line" if $help{$1}++;
            $closed{$family} = 1 if $family;
            $family = $1;
        } elsif ($line =~ /\A# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge|histogram)\z/) {
            my ($name, $type) = ($1, $2);
            push @wrong, "no HELP right before: $line" unless $family && $family eq $name;
            push @wrong, "twice: $line" if $type{$name};
            push @wrong, "a counter without _total: $line" if $type eq 'counter' && $name !~ /_total\z/;
            $type{$name} = $type;
        } elsif ($line =~ /\A([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)+\})? (-?[0-9.]+(?:e[+-]?\d+)?)\z/) {
            my ($name, $labels, $value) = ($1, $2 // '', $3);
            (my $base = $name) =~ s/_(?:bucket|sum|count)\z//;
            $base = $name unless ($type{$base} // '') eq 'histogram';
            push @wrong, "outside of its family: $line" if $base ne ($family // '') || !$type{$base};
            push @wrong, "family opened again: $line" if $closed{$base};
            push @wrong, "series twice: $line" if exists $sample{"$name$labels"};
            push @wrong, "negative counter: $line" if $value < 0 && $type{$base} && $type{$base} ne 'gauge';
            $sample{"$name$labels"} = $value;
        } else {
            push @wrong, "not of the format: $line";
        }
    }
    for my $base (grep { $type{$_} eq 'histogram' } keys %type) {
        my %sets;
        for my $series (grep { /\A\Q$base\E_bucket/ } keys %sample) {
            my ($rest, $le) = $series =~ /\{(.*?),?le="([^"]+)"\}/;
            $sets{$rest}{$le eq '+Inf' ? 'inf' : $le} = $sample{$series};
        }
        for my $set (keys %sets) {
            my $last = 0;
            for my $le (sort { ($a eq 'inf') - ($b eq 'inf') || ($a eq 'inf' ? 0 : $a <=> $b) } keys %{$sets{$set}}) {
                push @wrong, "$base $set: le=$le falls" if $sets{$set}{$le} < $last;
                $last = $sets{$set}{$le};
            }
            push @wrong, "$base $set: +Inf is not the count" if $last != $sample{"${base}_count{$set}"};
            push @wrong, "$base $set: no sum" unless exists $sample{"${base}_sum{$set}"};
        }
    }
    is "@wrong", '', 'the text format, strictly';
    return \%sample;
}

sub read_metrics {
    my ($server) = @_;
    my ($status, $body) = Register::http($server, 'GET', '/metrics');
    is $status, 200, 'read';
    return metrics($body);
}

my $server = $r->settings('[limits]', 'person_rate = 1', 'person_burst = 12')->serve;
my $before = read_metrics($server);
is $before->{'tamga_checks_total{list="black"}'}, 0, 'nothing asked yet';
Register::http($server, 'GET', '/api/v1/check/' . imei(1)) for 1 .. 3;
Register::http($server, 'GET', '/api/v1/check/' . imei(2));
Register::http($server, 'GET', '/api/v1/check/12');
Register::http($server, 'POST', '/api/v1/check', \%json, '{"imei":["' . imei(1) . '","' . imei(3) . '","x"]}');
Register::http($server, 'POST', '/check', {'Content-Type' => 'application/x-www-form-urlencoded'}, 'imei=' . imei(3));
Register::http($server, 'GET', '/nothing');
Register::http($server, 'GET', '/healthz', {'X-Forwarded-For' => '192.0.2.1'});
Register::http($server, 'GET', '/api/v1/check/' . imei(1)) for 1 .. 20;
my $after = read_metrics($server);
my %grown = map { $_ => $after->{$_} - ($before->{$_} // 0) } keys %$after;
my $passed = $grown{'tamga_http_requests_total{route="/api/v1/check/{}",status="200"}'};
my $refused = $grown{'tamga_http_requests_total{route="/api/v1/check/{}",status="429"}'};
is $passed + $refused, 24, 'every check is counted once, passed or refused';
ok $refused >= 10, 'some were refused';
is $grown{'tamga_limited_total{limit="person"}'}, $refused, 'by one bucket';
is $grown{'tamga_http_requests_total{route="/api/v1/check/{}",status="400"}'}, 1, 'a bad one';
is $grown{'tamga_http_requests_total{route="-",status="404"}'}, 1, 'an address that is none';
is $grown{'tamga_checks_total{list="black"}'}, $passed - 1 + 1, 'IMEIs on the black list';
is $grown{'tamga_checks_total{list="unknown"}'}, 1 + 1 + 1, 'unknown ones, by API, batch and page';
is $grown{'tamga_http_request_seconds_count{route="/api/v1/check/{}"}'}, 25, 'their time was measured';
is $grown{'tamga_untrusted_forwarded_total'}, 1, 'a proxy nobody knows';
is $after->{tamga_store_ok}, 1, 'the store is there';
is $after->{tamga_index_imeis}, 1, 'the index';
is $after->{tamga_sequence}, json((Register::http($server, 'GET', '/healthz'))[1])->{seq}, 'the sequence';
ok $after->{tamga_stale_seconds} < 5, 'not stale';
is $r->run('suspend', '--mark', 'lost', '--by', 'police', '--order', '2', imei(9))->{code}, 0, 'somebody commits';
ok poll(2, sub { (Register::http($server, 'GET', '/metrics'))[1] =~ /^tamga_index_imeis 2$/m }), 'the gauges follow';
$r->sql('ALTER TABLE journal_head RENAME TO gone');
ok poll(5, sub { (Register::http($server, 'GET', '/metrics'))[1] =~ /^tamga_store_ok 0$/m }), 'a store that fails is told';
$r->sql('ALTER TABLE gone RENAME TO journal_head');
my ($status, $body) = Register::http($server, 'GET', '/metrics', {'X-Forwarded-For' => '192.0.2.1'});
is $status, 403, 'closed to what an unknown proxy forwards';
is json($body)->{reason}, 'ADDRESS', 'it says why';
unlike((Register::http($server, 'GET', '/metrics'))[1], qr/\d{14}/, 'no IMEI in it');
Register::stop($server->{pid});

$server = $r->settings('[serve]', 'trusted_proxies = 127.0.0.1', 'metrics_from = 192.0.2.0/24')->serve;
is +(Register::http($server, 'GET', '/metrics'))[0], 403, 'a setting closes loopback';
is +(Register::http($server, 'GET', '/metrics', {'X-Forwarded-For' => '192.0.2.77'}))[0], 200, 'and opens a network';
is +(Register::http($server, 'GET', '/metrics', {'X-Forwarded-For' => '192.0.3.77'}))[0], 403, 'no other';
Register::stop($server->{pid});
done_testing;
