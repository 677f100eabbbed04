//! Networks that are not the public internet, from IANA's registries of special-purpose addresses.
//!
//! Sources: <https://www.iana.org/assignments/iana-ipv4-special-registry/> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry/>. A network that the registries hand out for
//! protocols is refused as a whole, even where single addresses of it are globally reachable: no shop is there.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An IPv4 network: its first address and the length of its prefix in bits.
pub(crate) type Network4 = (Ipv4Addr, u32);
/// An IPv6 network: its first address and the length of its prefix in bits.
pub(crate) type Network6 = (Ipv6Addr, u32);

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u32) -> Network4 {
    (Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(a: u16, b: u16, c: u16, d: u16, bits: u32) -> Network6 {
    (Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), bits)
}

/// IPv4 networks that are never dialled, whatever is configured.
pub(crate) const NEVER_V4: [Network4; 1] = [
    // Link-local, RFC 3927. AWS: instance metadata 169.254.169.254, container credentials 169.254.170.2.
    v4(169, 254, 0, 0, 16),
];

/// IPv4 networks that are dialled only where private targets are allowed.
pub(crate) const PRIVATE_V4: [Network4; 6] = [
    // Private use, RFC 1918.
    v4(10, 0, 0, 0, 8),
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
    // Shared address space of carriers, RFC 6598.
    v4(100, 64, 0, 0, 10),
    // Loopback, RFC 1122.
    v4(127, 0, 0, 0, 8),
    // Benchmarking, RFC 2544.
    v4(198, 18, 0, 0, 15),
];

/// Further IPv4 networks where no target can be.
pub(crate) const SPECIAL_V4: [Network4; 8] = [
    // "This network", RFC 791; Linux connects 0.0.0.0 to the loopback.
    v4(0, 0, 0, 0, 8),
    // Protocol assignments, RFC 6890.
    v4(192, 0, 0, 0, 24),
    // Documentation, RFC 5737.
    v4(192, 0, 2, 0, 24),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // 6to4 relays, deprecated by RFC 7526.
    v4(192, 88, 99, 0, 24),
    // Multicast, RFC 5771.
    v4(224, 0, 0, 0, 4),
    // Reserved, RFC 1112, and limited broadcast, RFC 8190.
    v4(240, 0, 0, 0, 4),
];

/// IPv6 networks that are never dialled, whatever is configured.
pub(crate) const NEVER_V6: [Network6; 2] = [
    // Link-local, RFC 4291.
    v6(0xfe80, 0, 0, 0, 10),
    // AWS: instance metadata fd00:ec2::254, container credentials fd00:ec2::23, name server fd00:ec2::253.
    v6(0xfd00, 0xec2, 0, 0, 32),
];

/// IPv6 networks that are dialled only where private targets are allowed.
pub(crate) const PRIVATE_V6: [Network6; 2] = [
    // Loopback, RFC 4291.
    (Ipv6Addr::LOCALHOST, 128),
    // Unique local, RFC 4193.
    v6(0xfc00, 0, 0, 0, 7),
];

/// All of IPv6 that is assigned for global unicast, RFC 4291. What lies outside is no target: unspecified,
/// IPv4-compatible (::/96), local NAT64 (64:ff9b:1::/48, RFC 8215), discard-only (100::/64, RFC 6666), segment
/// routing (5f00::/16, RFC 9602), site-local (fec0::/10, RFC 3879), multicast (ff00::/8).
pub(crate) const UNICAST_V6: Network6 = v6(0x2000, 0, 0, 0, 3);

/// Networks inside [`UNICAST_V6`] where no target can be.
pub(crate) const SPECIAL_V6: [Network6; 4] = [
    // Protocol assignments, RFC 2928: Teredo (2001::/32), benchmarking (2001:2::/48), ORCHID and others.
    v6(0x2001, 0, 0, 0, 23),
    // Documentation, RFC 3849 and RFC 9637.
    v6(0x2001, 0xdb8, 0, 0, 32),
    v6(0x3fff, 0, 0, 0, 20),
    // 6to4, RFC 3056, deprecated with its relays: reaches any IPv4 address through the one embedded.
    v6(0x2002, 0, 0, 0, 16),
];

/// NAT64, RFC 6052: the last 32 bits are the IPv4 address that is reached.
pub(crate) const NAT64: Network6 = v6(0x64, 0xff9b, 0, 0, 96);

/// Whether any of the networks holds the address.
pub(crate) fn any_v4(networks: &[Network4], address: Ipv4Addr) -> bool {
    networks.iter().any(|(network, bits)| {
        let differing = network.to_bits() ^ address.to_bits();
        differing.leading_zeros() >= *bits
    })
}

/// Whether any of the networks holds the address.
pub(crate) fn any_v6(networks: &[Network6], address: Ipv6Addr) -> bool {
    networks.iter().any(|(network, bits)| {
        let differing = network.to_bits() ^ address.to_bits();
        differing.leading_zeros() >= *bits
    })
}
