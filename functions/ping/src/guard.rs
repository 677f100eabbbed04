//! The guard: which addresses may be dialled. It judges the address that is about to be connected to, never a
//! name, so that a literal, a redirect or an answer of a name server that changes makes no difference.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::networks::{
    NAT64, NEVER_V4, NEVER_V6, PRIVATE_V4, PRIVATE_V6, SPECIAL_V4, SPECIAL_V6, UNICAST_V6, any_v4, any_v6,
};

/// Where Lambda's runtime API listens on loopback unless `AWS_LAMBDA_RUNTIME_API` says otherwise.
const RUNTIME_API_PORT: u16 = 9_001;

/// Decides which addresses may be dialled.
#[derive(Debug, Clone)]
pub struct Guard {
    allow_private: bool,
    runtime_ip: Option<IpAddr>,
    runtime_port: u16,
}

impl Guard {
    /// A guard that admits the public internet and, if told so, private networks and loopback too. Link-local
    /// addresses, AWS's metadata and Lambda's runtime API (`host:port`, as in `AWS_LAMBDA_RUNTIME_API`) stay
    /// refused in any case.
    pub fn new(allow_private: bool, runtime_api: Option<&str>) -> Self {
        // Local emulators write an URL there, with the function's name as path.
        let host_port = runtime_api.map(|text| {
            let text = text.split_once("://").map_or(text, |(_, rest)| rest);
            text.split_once('/').map_or(text, |(host_port, _)| host_port)
        });
        let (host, port) = host_port.and_then(|text| text.rsplit_once(':')).unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Self {
            allow_private,
            runtime_ip: host.parse().ok(),
            runtime_port: port.parse().unwrap_or(RUNTIME_API_PORT),
        }
    }

    /// The same guard, but that it admits the public internet alone.
    #[must_use]
    pub fn of_the_public(&self) -> Self {
        Self { allow_private: false, ..self.clone() }
    }

    /// Whether this address may be dialled.
    pub fn allows(&self, address: SocketAddr) -> bool {
        let ip = reached(address.ip());
        if self.is_runtime_api(ip, address.port()) {
            return false;
        }
        let (never, private, public) = match ip {
            IpAddr::V4(ip) => {
                let private = any_v4(&PRIVATE_V4, ip);
                (any_v4(&NEVER_V4, ip), private, !private && !any_v4(&SPECIAL_V4, ip))
            }
            IpAddr::V6(ip) => (
                any_v6(&NEVER_V6, ip),
                any_v6(&PRIVATE_V6, ip),
                any_v6(&[UNICAST_V6], ip) && !any_v6(&SPECIAL_V6, ip),
            ),
        };
        !never && (public || (private && self.allow_private))
    }

    /// Whether our own runtime listens there: whoever reaches it can read and answer invocations.
    fn is_runtime_api(&self, ip: IpAddr, port: u16) -> bool {
        let ours = port == self.runtime_port || port == RUNTIME_API_PORT;
        ours && (ip.is_loopback() || ip.is_unspecified() || self.runtime_ip.map(reached) == Some(ip))
    }
}

/// The address that packets to this one end at: the IPv4 address inside an IPv4-mapped or NAT64 one.
fn reached(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    if any_v6(&[NAT64], v6) {
        let [.., a, b, c, d] = v6.octets();
        return IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    }
    v6.to_canonical()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use proptest::prelude::*;

    use super::*;

    fn allows(guard: &Guard, ip: &str, port: u16) -> bool {
        guard.allows(SocketAddr::new(ip.parse().unwrap(), port))
    }

    const PUBLIC: [&str; 14] = [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001:82a::200e",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
    ];

    const PRIVATE: [&str; 17] = [
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "198.18.0.1",
        "198.19.255.255",
        "::1",
        "fc00::1",
        "fdff::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
    ];

    const NEVER: [&str; 36] = [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.0.0",
        "fe80::1",
        "febf::1",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "0.0.0.0",
        "0.255.255.255",
        "192.0.0.1",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::127.0.0.1",
        "::169.254.169.254",
        "::ffff:0.0.0.0",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:2::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "fec0::1",
        "ff02::1",
    ];

    #[test]
    fn the_public_internet_alone_is_allowed() {
        let guard = Guard::new(false, None);
        for ip in PUBLIC {
            assert!(allows(&guard, ip, 443), "{ip} must be allowed");
            assert!(allows(&guard, ip, 9_001), "{ip} must be allowed on any port");
        }
        for ip in PRIVATE.iter().chain(&NEVER) {
            assert!(!allows(&guard, ip, 80), "{ip} must be refused");
        }
    }

    #[test]
    fn private_targets_can_be_allowed_but_never_metadata_or_special_networks() {
        let guard = Guard::new(true, None);
        for ip in PUBLIC.iter().chain(&PRIVATE) {
            assert!(allows(&guard, ip, 80), "{ip} must be allowed");
        }
        for ip in NEVER {
            assert!(!allows(&guard, ip, 80), "{ip} must be refused");
        }
    }

    #[test]
    fn the_runtime_api_is_refused_wherever_it_listens() {
        for (runtime_api, ip, port) in [
            (None, "127.0.0.1", 9_001),
            (None, "127.0.0.2", 9_001),
            (None, "::1", 9_001),
            (None, "::ffff:127.0.0.1", 9_001),
            (Some("127.0.0.1:45311"), "127.0.0.1", 45_311),
            (Some("127.0.0.1:45311"), "127.0.0.1", 9_001),
            (Some("127.0.0.1:45311"), "::ffff:127.0.0.1", 45_311),
            (Some("localhost:45311"), "127.0.0.1", 45_311),
            (Some("http://127.0.0.1:9000/ping"), "127.0.0.1", 9_000),
            (Some("[::1]:45311"), "::1", 45_311),
            (Some("10.0.0.7:45311"), "10.0.0.7", 45_311),
            (Some("nonsense"), "127.0.0.1", 9_001),
        ] {
            assert!(!allows(&Guard::new(true, runtime_api), ip, port), "{runtime_api:?} {ip} {port}");
        }
        let guard = Guard::new(true, Some("127.0.0.1:45311"));
        assert!(allows(&guard, "127.0.0.1", 8_080) && allows(&guard, "10.0.0.7", 45_311));
    }

    /// The standard library's own words where it has them, the rest by octets: another formulation of the rule.
    fn is_global_v4(ip: Ipv4Addr) -> bool {
        let [a, b, c, _] = ip.octets();
        !(ip.is_private()
            || ip.is_loopback()
            || ip.is_link_local()
            || ip.is_broadcast()
            || ip.is_documentation()
            || ip.is_multicast()
            || a == 0
            || a >= 240
            || (a == 100 && (64..128).contains(&b))
            || (a == 198 && (b == 18 || b == 19))
            || (a == 192 && b == 0 && c == 0)
            || (a == 192 && b == 88 && c == 99))
    }

    fn is_global_v6(ip: Ipv6Addr) -> bool {
        let s = ip.segments();
        let [.., a, b, c, d] = ip.octets();
        match s {
            [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
                is_global_v4(Ipv4Addr::new(a, b, c, d))
            }
            [0x2001, ..] => s[1] >= 0x200 && s[1] != 0xdb8,
            [0x2002, ..] => false,
            [0x3fff, ..] => s[1] >= 0x1000,
            _ => (0x2000..0x4000).contains(&s[0]) && !ip.is_multicast() && !ip.is_unicast_link_local(),
        }
    }

    /// Addresses near every border, and any others.
    fn v4() -> impl Strategy<Value = Ipv4Addr> {
        let border = proptest::sample::select([NEVER_V4.as_slice(), &PRIVATE_V4, &SPECIAL_V4].concat());
        let near = (border, 0u32..=32, any::<bool>()).prop_map(|((network, bits), bit, below)| {
            let size = 1u32.checked_shl(32 - bits).unwrap_or(0);
            let edge =
                if below { network.to_bits().wrapping_sub(1) } else { network.to_bits().wrapping_add(size) };
            Ipv4Addr::from_bits(edge ^ 1u32.checked_shl(bit).unwrap_or(0))
        });
        prop_oneof![near, any::<u32>().prop_map(Ipv4Addr::from_bits)]
    }

    fn v6() -> impl Strategy<Value = Ipv6Addr> {
        let networks = [NEVER_V6.as_slice(), &PRIVATE_V6, &SPECIAL_V6, &[UNICAST_V6, NAT64]].concat();
        let near = (proptest::sample::select(networks), 0u32..128, any::<u64>()).prop_map(
            |((network, _), bit, low)| {
                Ipv6Addr::from_bits(network.to_bits() ^ (1u128 << bit) ^ u128::from(low))
            },
        );
        let embedding = (v4(), any::<bool>()).prop_map(|(ip, nat64)| {
            if nat64 {
                Ipv6Addr::from_bits(NAT64.0.to_bits() | u128::from(ip.to_bits()))
            } else {
                ip.to_ipv6_mapped()
            }
        });
        prop_oneof![near, embedding, any::<u128>().prop_map(Ipv6Addr::from_bits)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]

        #[test]
        fn exactly_what_is_global_is_allowed(v4 in v4(), v6 in v6(), port in 1u16..) {
            let guard = Guard::new(false, None);
            prop_assert_eq!(guard.allows(SocketAddr::new(v4.into(), port)), is_global_v4(v4));
            prop_assert_eq!(guard.allows(SocketAddr::new(v6.into(), port)), is_global_v6(v6));
        }

        #[test]
        fn any_runtime_api_text_is_survived(text in "\\PC{0,40}") {
            let guard = Guard::new(false, Some(&text));
            prop_assert!(!guard.allows("127.0.0.1:80".parse().unwrap()));
        }
    }
}
