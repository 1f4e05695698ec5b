#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# eir_sctp_inside - the first process of the kernel that eir_sctp.t boots: the node, its peers, and what is found. In this order:
# without SCTP, then with it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Uml;

Uml::within(sub {
    my ($dir) = @_;
    open STDOUT, '>', "$dir/tap" or die "$dir/tap: $!\n";
    open STDERR, '>&', \*STDOUT;
    STDOUT->autoflush(1);
    Test::More->builder->$_(\*STDOUT) for qw(output failure_output todo_output);
    require EirSctp;
    EirSctp::all($dir);
    done_testing;
});
