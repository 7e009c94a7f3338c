//! The city before it is written: ground, water, areas, sites, and what joins them.

use crate::partition::Partition;
use crate::rails::{Railway, Station, lay};
use crate::rng::hash;
use crate::roads::{Gates, connect, motorways};
use crate::settlement::{Lattice, Site, sites};
use crate::streets::{Plan, Street, lay_out};
use crate::terrain::Terrain;
use crate::water::Water;

/// Everything that more than one theme needs. Parcels, buildings and pipes are made while they are written.
pub(crate) struct City {
    pub(crate) seed: u64,
    pub(crate) scale: f64,
    pub(crate) water: Water,
    pub(crate) terrain: Terrain,
    pub(crate) partition: Partition,
    pub(crate) sites: Vec<Site>,
    pub(crate) built: Vec<(Lattice, Plan)>,
    pub(crate) roads: Vec<Street>,
    pub(crate) railways: Vec<Railway>,
    pub(crate) stations: Vec<Station>,
}

impl City {
    /// Draws the city.
    pub(crate) fn new(scale: u32, seed: u64) -> City {
        let scale = f64::from(scale);
        let seed = hash(seed, &[430_700]);
        let mut water = Water::new(seed);
        let terrain = Terrain::new(seed, &water);
        let partition = Partition::new(seed, (620.0 * scale.powf(0.55)) as usize, &water);
        let sites = sites(seed, scale, &partition);
        let site_seed = |i: usize| hash(seed, &[i as i64, 100]);
        let first = Lattice::new(site_seed(0), &sites[0], &water);
        let (railways, stations) = lay(&first);
        for line in railways.iter().map(|r| &r.line).chain(&motorways()) {
            water.add_track(line);
        }
        let mut built = Vec::with_capacity(sites.len());
        let mut first = Some(first);
        for (i, site) in sites.iter().enumerate() {
            let lattice = first.take().unwrap_or_else(|| Lattice::new(site_seed(i), site, &water));
            let plan = lay_out(site_seed(i), site, &lattice, &water);
            built.push((lattice, plan));
        }
        let gates: Vec<Gates> = built.iter().map(|(_, plan)| Gates::new(&plan.streets)).collect();
        let roads = connect(seed, &sites, &gates, &water);
        City { seed, scale, water, terrain, partition, sites, built, roads, railways, stations }
    }

    /// The seed of a site's own chance.
    pub(crate) fn site_seed(&self, site: usize) -> u64 {
        hash(self.seed, &[site as i64, 100])
    }
}
